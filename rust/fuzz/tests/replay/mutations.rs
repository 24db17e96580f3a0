//! Small changes to an input, the same ones for the same seed.

use revoke_session_core::{Entropy, SeededEntropy};

use crate::Input;

/// Bytes that mean something to one of the decoders.
const TELLING: &[u8] = b"\x00\x01\x7f\x80\xff\"\\{}[],:'/.%@# \r\n\t0123456789eE+-JUCO";

/// Numbers that lengths go wrong at.
const LENGTHS: [u32; 8] = [0, 1, 0x7f, 0xff, 0xffff, i32::MAX as u32, 1 << 31, u32::MAX];

/// A repeatable sequence of mutations.
pub struct Mutations<'a> {
    entropy: SeededEntropy,
    corpus: &'a [Input],
}

impl<'a> Mutations<'a> {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64, corpus: &'a [Input]) -> Self {
        Self { entropy: SeededEntropy::new(seed), corpus }
    }

    /// The input with one to four changes.
    pub fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>) {
        let (from, to) = self.range(bytes.len());
        match self.below(8) {
            0 if from < to => bytes[from] ^= 1 << self.below(8),
            1 if from < to => bytes[from] = self.telling(),
            2 => bytes.insert(from, self.telling()),
            3 => drop(bytes.drain(from..to)),
            4 => bytes.truncate(from),
            5 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
            6 => {
                let length = LENGTHS[self.below(LENGTHS.len())].to_le_bytes();
                let end = bytes.len().min(from + length.len());
                bytes.splice(from..end, length);
            }
            _ => {
                let (_, other) = &self.corpus[self.below(self.corpus.len())];
                let (start, end) = self.range(other.len());
                bytes.splice(from..to, other[start..end].iter().copied());
            }
        }
    }

    fn telling(&self) -> u8 {
        TELLING[self.below(TELLING.len())]
    }

    /// A part, perhaps empty, of something that is `len` long; seldom more than 32 long.
    fn range(&self, len: usize) -> (usize, usize) {
        let from = self.below(len + 1);
        let longest = if self.below(8) == 0 { len } else { len.min(from + 32) };
        (from, from + self.below(longest - from.min(longest) + 1))
    }

    /// A number below `end`, which is not zero.
    fn below(&self, end: usize) -> usize {
        usize::try_from(self.entropy.next_u64() % end as u64).expect("it is below a usize")
    }
}
