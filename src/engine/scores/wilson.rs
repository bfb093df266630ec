//! How sure a share of hits is.

/// Φ⁻¹(0.975): two sides of 2.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson score interval, 95 %, of `hits` in `n` (Wilson 1927; statsmodels `proportion_confint` with
/// `method="wilson"`): (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n). At least one.
pub(super) fn wilson(hits: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let n = n as f64;
    let share = hits as f64 / n;
    let whole = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / whole;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / whole;
    // Rounding must not put an edge beyond what a share can be.
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_stays_within_what_a_share_can_be() {
        assert_eq!(wilson(0, 0), None);
        for n in [1, 2, 7, 30, 1_000_003] {
            for hits in [0, n / 2, n] {
                let share = hits as f64 / n as f64;
                let (low, high) = wilson(hits, n).unwrap_or_default();
                assert!(0.0 <= low && low <= share + 1e-15, "{hits} of {n}: {low}");
                assert!(
                    share - 1e-15 <= high && high <= 1.0,
                    "{hits} of {n}: {high}"
                );
            }
        }
    }
}
