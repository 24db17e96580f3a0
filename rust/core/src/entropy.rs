//! Randomness, passed in so that tests can repeat a run from its seed.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

/// Where the library takes randomness from: request ids and the jitter of waits.
pub trait Entropy: Send + Sync + Debug {
    /// Sixty-four random bits.
    fn next_u64(&self) -> u64;

    /// A random UUID (RFC 9562, section 5.4) for `client-request-id`.
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next_u64().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next_u64().to_le_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A number from zero up to, but not including, one.
    fn fraction(&self) -> f64 {
        // The upper 53 bits are what a double can hold without rounding up to one.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let numerator = (self.next_u64() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        // The two halves are folded so that the fixed version bits of one meet random bits of the other.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        high ^ low.rotate_left(32)
    }
}

/// A repeatable sequence (`SplitMix64`, Steele, Lea and Flood 2014) for tests.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_sequence_repeats() {
        let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        assert_eq!(a.uuid(), b.uuid());
        assert_eq!(a.uuid().get_version_num(), 4);
        assert_ne!(a.next_u64(), SeededEntropy::new(8).next_u64());
    }

    #[test]
    fn fractions_stay_below_one() {
        let entropy = SeededEntropy::new(1);
        assert!((0..10_000).map(|_| entropy.fraction()).all(|f| (0.0..1.0).contains(&f)));
    }
}
