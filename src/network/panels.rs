//! Weights in the order in which the kernels read them.

use crate::aligned::Aligned;
use crate::graph::{Activation, Convolution};

/// Channels that stand together in memory: see [`rows`](crate::rows).
pub const GROUP: usize = 8;

/// Groups of channels that have room for so many channels.
pub fn groups(channels: usize) -> usize {
    channels.div_ceil(GROUP)
}

/// Outputs that are computed together, in registers of 16 lanes and at most one of 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel {
    /// The first group of outputs.
    pub group: usize,
    /// Registers of 16 lanes: 0 to 2.
    pub sixteens: usize,
    /// Registers of 8 lanes: 0 or 1.
    pub eights: usize,
}

impl Panel {
    /// Groups of outputs.
    pub fn groups(self) -> usize {
        2 * self.sixteens + self.eights
    }

    /// Panels for so many groups of outputs: as wide as the registers allow, the narrow one last.
    ///
    /// With registers of 16 lanes there are 32 of them: room for 12 places of 32 outputs. Others
    /// have room for 6 places of 16 outputs, or 3 of 24.
    fn cover(groups: usize, wide: bool) -> Vec<Self> {
        let (mut panels, mut group) = (Vec::new(), 0);
        while group < groups {
            let (sixteens, eights) = match groups - group {
                1 => (0, 1),
                3 => (1, 1),
                2 => (1, 0),
                _ if wide => (2, 0),
                _ => (1, 0),
            };
            let panel = Self { group, sixteens, eights };
            group += panel.groups();
            panels.push(panel);
        }
        panels
    }
}

/// A convolution that sums over channels, as steps by outputs.
///
/// Of each panel there are first, step by step, the weights of the registers of 16 lanes, then,
/// step by step, those of the register of 8.
pub struct Matrix {
    /// Numbers that each output is summed from.
    pub steps: usize,
    /// Outputs of the file.
    pub outputs: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// In the order of the outputs.
    pub panels: Vec<Panel>,
    weights: Aligned,
    bias: Aligned,
}

impl Matrix {
    /// The convolutions side by side; `steps` is the number of steps in memory, `place` says where
    /// among them a weight of the file belongs.
    pub fn of(
        convolutions: &[&Convolution<'_>],
        steps: usize,
        wide: bool,
        place: impl Fn(usize) -> usize,
    ) -> Self {
        let outputs: usize = convolutions.iter().map(|convolution| convolution.outputs).sum();
        let panels = Panel::cover(groups(outputs), wide);
        let stored = groups(outputs) * GROUP;
        let (mut weights, mut bias) = (Aligned::zeroes(steps * stored), Aligned::zeroes(stored));
        let mut begin = 0;
        for convolution in convolutions {
            if let Some(numbers) = &convolution.bias {
                numbers.read(0, &mut bias[begin..][..convolution.outputs]);
            }
            begin += convolution.outputs;
        }
        let given = convolutions
            .first()
            .map_or(0, |convolution| convolution.weights.len() / convolution.outputs.max(1));
        let places: Vec<usize> = (0..given).map(place).collect();
        let mut rows = convolutions.iter().flat_map(|convolution| {
            (0..convolution.outputs).map(|own| (&convolution.weights, own * given))
        });
        // The outputs of a panel, each with what it is summed from. Rows whose distance is a power
        // of 2 would share a few lines of the cache.
        let pitch = given.next_multiple_of(GROUP) + 2 * GROUP;
        let mut panel_rows = vec![0.0; 4 * GROUP * pitch];
        for panel in &panels {
            panel_rows.fill(0.0);
            for row in panel_rows.chunks_exact_mut(pitch).take(panel.groups() * GROUP) {
                if let Some((numbers, from)) = rows.next() {
                    numbers.read(from, &mut row[..given]);
                }
            }
            let start = panel.group * GROUP * steps;
            let packed = &mut weights[start..][..panel.groups() * GROUP * steps];
            let (sixteens, eights) = packed.split_at_mut(2 * panel.sixteens * GROUP * steps);
            let (upper, lower) = panel_rows.split_at(2 * panel.sixteens * GROUP * pitch);
            match panel.sixteens {
                2 => transpose::<32>(upper, pitch, &places, sixteens),
                1 => transpose::<16>(upper, pitch, &places, sixteens),
                _ => {}
            }
            if panel.eights == 1 {
                transpose::<8>(lower, pitch, &places, eights);
            }
        }
        let activation =
            convolutions.first().map_or(Activation::None, |convolution| convolution.activation);
        Self { steps, outputs, activation, panels, weights, bias }
    }

    /// A panel's weights for the registers of 16 lanes and for that of 8.
    #[inline(always)]
    pub fn weights(&self, panel: Panel) -> (&[f32], &[f32]) {
        let start = panel.group * GROUP * self.steps;
        let all = &self.weights[start..][..panel.groups() * GROUP * self.steps];
        all.split_at(2 * panel.sixteens * GROUP * self.steps)
    }

    /// What a panel's sums begin with.
    #[inline(always)]
    pub fn bias(&self, panel: Panel) -> &[f32] {
        &self.bias[panel.group * GROUP..][..panel.groups() * GROUP]
    }
}

/// From `LANES` rows to step by step; `places` says where each number of a row belongs.
fn transpose<const LANES: usize>(rows: &[f32], pitch: usize, places: &[usize], into: &mut [f32]) {
    let steps = into.as_chunks_mut::<LANES>().0;
    for (number, &place) in places.iter().enumerate() {
        for (lane, weight) in steps[place].iter_mut().enumerate() {
            *weight = rows[lane * pitch + number];
        }
    }
}

/// A 3×3 convolution on each channel by itself: of each group of channels the nine weights in their
/// order.
pub struct Depthwise {
    /// Rows of the kernel, 3.
    pub rows: usize,
    /// Rows and columns from one place to the next.
    pub stride: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// `[groups][9][8]`.
    pub weights: Aligned,
    /// `[groups][8]`.
    pub bias: Aligned,
}

impl Depthwise {
    /// As many groups as the channels take.
    pub fn of(convolution: &Convolution<'_>) -> Self {
        let channels = convolution.outputs;
        let stored = groups(channels) * GROUP;
        let (mut weights, mut bias) = (Aligned::zeroes(9 * stored), Aligned::zeroes(stored));
        if let Some(numbers) = &convolution.bias {
            numbers.read(0, &mut bias[..channels]);
        }
        let mut all = vec![0.0; 9 * channels];
        convolution.weights.read(0, &mut all);
        for (channel, kernel) in all.as_chunks::<9>().0.iter().enumerate() {
            for (place, &weight) in kernel.iter().enumerate() {
                weights[(channel / GROUP * 9 + place) * GROUP + channel % GROUP] = weight;
            }
        }
        Self {
            rows: convolution.kernel,
            stride: convolution.stride,
            activation: convolution.activation,
            weights,
            bias,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Numbers, Padding};

    #[test]
    fn panels_cover_every_group_once() {
        for groups in 1..70 {
            for wide in [false, true] {
                let panels = Panel::cover(groups, wide);
                let mut next = 0;
                for panel in panels {
                    assert_eq!(panel.group, next);
                    assert!(wide || panel.groups() <= 3);
                    next += panel.groups();
                }
                assert_eq!(next, groups);
            }
        }
    }

    #[test]
    fn every_weight_has_its_place() {
        let (inputs, outputs) = (3, 44);
        let bytes: Vec<[u8; 4]> =
            (0..inputs * outputs).map(|value| (value as f32).to_le_bytes()).collect();
        let convolution = Convolution {
            kernel: 1,
            stride: 1,
            padding: Padding::Same,
            inputs,
            outputs,
            weights: Numbers::Floats(&bytes),
            bias: None,
            activation: Activation::None,
        };
        for wide in [false, true] {
            let matrix = Matrix::of(&[&convolution], inputs, wide, |step| step);
            for &panel in &matrix.panels {
                let (sixteens, eights) = matrix.weights(panel);
                let lanes = 16 * panel.sixteens;
                for step in 0..inputs {
                    for lane in 0..panel.groups() * GROUP {
                        let output = panel.group * GROUP + lane;
                        let weight = if lane < lanes {
                            sixteens[step * lanes + lane]
                        } else {
                            eights[step * GROUP + lane - lanes]
                        };
                        let expected =
                            if output < outputs { (output * inputs + step) as f32 } else { 0.0 };
                        assert_eq!(weight, expected, "output {output}, step {step}");
                    }
                }
            }
        }
    }
}
