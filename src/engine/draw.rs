//! Chance, from the seed. The engine has no randomness of its own: the same seed gives the same lots on
//! every machine.

/// What a lot is drawn for. What is drawn for one never depends on what was drawn for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lot {
    Learning = 1,
    Latency = 2,
    Queue = 3,
}

impl Lot {
    /// The lot that the seed has for these numbers: other numbers, another lot.
    pub fn draw<const N: usize>(self, seed: u64, of: [u64; N]) -> u64 {
        let numbers = [seed, self as u64].into_iter().chain(of);
        numbers.fold(0, |mixed, number| SplitMix64::new(mixed ^ number).next())
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014), with
/// the constants of Vigna's reference. For drawing lots, not for secrets.
#[derive(Debug, Clone, Copy)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `bound`: the upper half of the product. Uneven by less than bound / 2⁶⁴.
    pub fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next()) * bound as u128;
        (product >> 64) as usize
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_splitmix64() {
        // The reference implementation's first numbers for the seed 1234567.
        let mut draw = SplitMix64::new(1_234_567);
        assert_eq!(draw.next(), 6_457_827_717_110_365_317);
        assert_eq!(draw.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_draw_is_within_its_bound_and_a_shuffle_loses_nothing() {
        let mut draw = SplitMix64::new(7);
        assert!((0..1_000).all(|_| draw.below(5) < 5));
        let mut items: Vec<u32> = (0..20).collect();
        draw.shuffle(&mut items);
        assert_ne!(items, (0..20).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..20).collect::<Vec<_>>());
    }
}
