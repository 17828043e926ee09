//! How long a network takes to load and to run: as one fused operator, or operator by operator as
//! tract has them.
//!
//! `peer-network fused|tract MODEL.onnx ROWSxCOLUMNS... --runs N`: one JSON object. Of the first
//! size, `load_ms` is all that came before the first run; of the others it is what the other size
//! cost. Built and run by `tests/peers/network.py`.

use std::time::Instant;

use friends_network::{Machine, Network, model};
use tract_onnx::prelude::*;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, path, sizes @ .., runs] = arguments.as_slice() else {
        return Err("which way, which model, which sizes, how many runs".into());
    };
    let (onnx, runs) = (bytes::Bytes::from(std::fs::read(path)?), runs.parse::<usize>()?);
    let mut plan = None;
    let mut rows = Vec::new();
    for size in sizes {
        let (height, width) = size.split_once('x').ok_or("a size is ROWSxCOLUMNS")?;
        let (height, width): (usize, usize) = (height.parse()?, width.parse()?);
        let picture: Vec<f32> = (0..3 * height * width)
            .map(|place| (place * 7919 % 255) as f32 / 127.5 - 1.0)
            .collect();
        let picture = Tensor::from_shape(&[1, height, width, 3], &picture)?;
        let loading = Instant::now();
        let (loaded, input) = match way.as_str() {
            "fused" => {
                let machine =
                    Machine::all().first().copied().ok_or("this machine has SSE alone")?;
                let read = || -> Result<_, Failure> {
                    Ok(model(Network::read(onnx.clone(), machine).ok_or("no network of blocks")?)?
                        .into_runnable()?)
                };
                (plan.take().map_or_else(read, Ok)?, picture)
            }
            "tract" => {
                let network =
                    tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(&onnx))?;
                let mut network = network
                    .with_input_fact(0, f32::fact([1, 3, height, width]).into())?
                    .into_typed()?;
                network.optimize()?;
                (network.into_runnable()?, picture.permute_axes(&[0, 3, 1, 2])?)
            }
            other => return Err(format!("there is no way {other}").into()),
        };
        let load = milliseconds(loading);
        let input: TValue = input.into();
        let mut times = (0..=runs).map(|_| {
            let running = Instant::now();
            loaded.run(tvec!(input.clone())).map(|_| milliseconds(running))
        });
        let first = times.next().expect("there is a run")?;
        let times = times.collect::<TractResult<Vec<f64>>>()?;
        let least = times.into_iter().fold(f64::INFINITY, f64::min);
        rows.push(format!(
            r#"{{"size":"{size}","load_ms":{load},"first_ms":{first},"run_ms":{least}}}"#
        ));
        plan = Some(loaded);
    }
    println!("[{}]", rows.join(","));
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
