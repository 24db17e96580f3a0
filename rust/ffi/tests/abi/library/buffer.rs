//! Records in buffers of the library's.

use std::{ptr, slice};

use super::layout::{RawWire, exports};

/// A record in a buffer of the library's.
pub struct Wire(pub(super) RawWire);

// SAFETY: the buffer belongs to whoever has the wire, on whatever thread.
unsafe impl Send for Wire {}

impl Wire {
    /// Asks the library for a buffer and puts `bytes` into it.
    pub fn new(bytes: &[u8]) -> Self {
        let size = i32::try_from(bytes.len()).expect("a record of the test");
        let wire = Self::empty(size);
        assert_eq!(usize::try_from(wire.0.len), Ok(bytes.len()));
        if !wire.0.data.is_null() {
            // SAFETY: the library gave `len` bytes, which is as many, and nobody else knows them yet.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), wire.0.data, bytes.len()) };
        }
        wire
    }

    /// A buffer of `size` as the library makes it, whatever the size.
    pub fn empty(size: i32) -> Self {
        let (mut len, mut capacity) = (-1, -1);
        // SAFETY: both places can be written to.
        let data = unsafe { (exports().wire_create)(size, &raw mut len, &raw mut capacity) };
        assert!(len >= 0 && capacity >= len, "{size} gives {len} of {capacity}");
        Self(RawWire { data, len, capacity })
    }

    /// The bytes of the record.
    pub fn bytes(&self) -> &[u8] {
        if self.0.data.is_null() {
            return &[];
        }
        let len = usize::try_from(self.0.len).expect("a length");
        // SAFETY: the library made the buffer and gave it away with `len` bytes in it.
        unsafe { slice::from_raw_parts(self.0.data, len) }
    }

    /// Gives the buffer to the library.
    pub(super) fn give(self) -> RawWire {
        let raw = self.0;
        std::mem::forget(self);
        raw
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // SAFETY: the buffer is the library's own, and this is the last that is heard of it.
        unsafe { (exports().wire_destroy)(self.0.data, self.0.len, self.0.capacity) };
    }
}
