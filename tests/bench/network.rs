//! Our networks, fused and as tract has them: `cargo bench --package friends-network`.

use criterion::{Criterion, criterion_group, criterion_main};
use friends_network::{Machine, Network, model};
use tract_onnx::prelude::*;

type Plan = std::sync::Arc<TypedRunnableModel>;

const NETWORKS: [(&str, &[u8], [usize; 2]); 2] = [
    ("backbone", include_bytes!("../../models/friends/backbone.onnx"), [128, 128]),
    ("faces", include_bytes!("../../models/face-detector/faces.onnx"), [256, 320]),
];

fn fused(onnx: &'static [u8], machine: Machine) -> Plan {
    model(Network::read(onnx.into(), machine).expect("a network of blocks"))
        .and_then(TypedModel::into_runnable)
        .expect("a model")
}

fn unfused(onnx: &[u8], [height, width]: [usize; 2]) -> Plan {
    let network =
        tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(onnx)).expect("a network");
    let network =
        network.with_input_fact(0, f32::fact([1, 3, height, width]).into()).expect("an input");
    let mut network = network.into_typed().expect("a typed network");
    network.optimize().expect("an optimised network");
    network.into_runnable().expect("a plan")
}

fn networks(criterion: &mut Criterion) {
    for (name, onnx, size) in NETWORKS {
        let [height, width] = size;
        let pixels: Vec<f32> = (0..3 * height * width)
            .map(|place| (place * 7919 % 255) as f32 / 127.5 - 1.0)
            .collect();
        let picture = Tensor::from_shape(&[1, height, width, 3], &pixels).expect("a picture");
        let planes: TValue = picture.clone().permute_axes(&[0, 3, 1, 2]).expect("planes").into();
        let picture: TValue = picture.into();
        let mut group = criterion.benchmark_group(name);
        for machine in Machine::all() {
            let plan = fused(onnx, machine);
            group.bench_function(format!("load, fused, {}", machine.name()), |bench| {
                bench.iter(|| fused(onnx, machine));
            });
            group.bench_function(format!("run, fused, {}", machine.name()), |bench| {
                bench.iter(|| plan.run(tvec!(picture.clone())).expect("outputs"));
            });
        }
        let plan = unfused(onnx, size);
        group.bench_function("load, tract", |bench| bench.iter(|| unfused(onnx, size)));
        group.bench_function("run, tract", |bench| {
            bench.iter(|| plan.run(tvec!(planes.clone())).expect("outputs"));
        });
        group.finish();
    }
}

criterion_group!(benches, networks);
criterion_main!(benches);
