//! The instruction sets for which there are kernels.

use fearless_simd::Level;
#[cfg(target_arch = "aarch64")]
use fearless_simd::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use fearless_simd::WasmSimd128;
#[cfg(target_arch = "x86_64")]
use fearless_simd::{Avx2, Avx512};

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug)]
pub enum Machine {
    /// Registers of 16 lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// Registers of 8 lanes, and multiplication fused with addition.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Registers of 4 lanes, twice as many as AVX2 has.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    /// Registers of 4 lanes.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Wasm(WasmSimd128),
}

impl Machine {
    /// All that this machine has, the fastest first; none on machines with SSE alone.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let level = Level::new();
        #[cfg(target_arch = "x86_64")]
        let all = [level.as_avx512().map(Self::Avx512), level.as_avx2().map(Self::Avx2)];
        #[cfg(target_arch = "aarch64")]
        let all = [level.as_neon().map(Self::Neon)];
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let all = [level.as_wasm_simd128().map(Self::Wasm)];
        #[cfg(not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            all(target_arch = "wasm32", target_feature = "simd128")
        )))]
        let all = {
            let _ = level;
            [const { None::<Self> }]
        };
        all.into_iter().flatten().collect()
    }

    /// As it is written in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Wasm(_) => "SIMD128",
        }
    }

    /// Whether its registers have 16 lanes.
    pub(crate) fn sixteen_lanes(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let sixteen = matches!(self, Self::Avx512(_));
        #[cfg(not(target_arch = "x86_64"))]
        let sixteen = false;
        sixteen
    }
}
