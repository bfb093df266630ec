//! Chance, from a seed. Only additions, multiplications and square roots: the same bits on every
//! machine, where logarithms may differ in their last digit.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A stream of random numbers that knows how far it has come.
#[derive(Debug, Clone)]
pub(super) struct Noise(ChaCha8Rng);

impl Noise {
    /// `stream` sets apart the symbols of one seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to below 1, even.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean 0, variance 1, nearly normal: the sum of four even numbers, at most 3.46 from 0.
    pub(super) fn normal(&mut self) -> f64 {
        let bits = self.bits();
        let lanes = [bits, bits >> 16, bits >> 32, bits >> 48];
        let sum: u64 = lanes.iter().map(|lane| lane & 0xFFFF).sum();
        // The variance of one lane is (65536² − 1) / 12, of four a third of 65536².
        (sum as f64 - 2.0 * 65_535.0) * 3.0_f64.sqrt() / 65_536.0
    }

    /// Mean 1, nearly exponential: half the sum of two squared normals.
    pub(super) fn exponential(&mut self) -> f64 {
        let (a, b) = (self.normal(), self.normal());
        (a * a + b * b) / 2.0
    }
}

/// The whole state of the generator; its position as two words that JSON holds exactly.
#[derive(Serialize, Deserialize)]
struct State {
    seed: [u8; 32],
    stream: Bits,
    words_high: u32,
    words_low: u32,
}

impl Serialize for Noise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = self.0.get_word_pos();
        State {
            seed: self.0.get_seed(),
            stream: Bits(self.0.get_stream()),
            words_high: (words >> 32) as u32,
            words_low: words as u32,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Noise {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let state = State::deserialize(deserializer)?;
        let mut rng = ChaCha8Rng::from_seed(state.seed);
        rng.set_stream(state.stream.0);
        rng.set_word_pos(u128::from(state.words_high) << 32 | u128::from(state.words_low));
        Ok(Self(rng))
    }
}

/// 64 bits as hexadecimal text: JSON readers that take numbers for floats lose digits of large
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits(pub u64);

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// For `#[serde(with)]`: a float by its bits.
pub(super) mod float {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Bits(value.to_bits()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(f64::from_bits(Bits::deserialize(deserializer)?.0))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_what_they_are_said_to_be() {
        let mut noise = Noise::new(1, 1);
        let n = 200_000;
        let normal: Vec<_> = (0..n).map(|_| noise.normal()).collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.01,
            "{mean} {variance}"
        );
        let mean = (0..n).map(|_| noise.exponential()).sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_generator_goes_on_from_json_at_any_word() {
        for used in 0..200 {
            let mut noise = Noise::new(u64::MAX, u64::MAX);
            for _ in 0..used {
                noise.0.next_u32();
            }
            let text = serde_json::to_string(&noise).unwrap();
            let mut restored: Noise = serde_json::from_str(&text).unwrap();
            for _ in 0..50 {
                assert_eq!(restored.bits(), noise.bits());
            }
        }
    }
}
