//! Writes zip archives: stored, deterministic, readable by every unpacker.

/// An archive in the making.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

/// The lowest version of the format, which already has everything used here.
const VERSION: u16 = 20;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// The first day the format knows, so that equal content gives an equal archive.
const DATE: u16 = (1 << 5) | 1;
/// A regular file that everybody may read, as Unix writes it.
const MODE: u32 = 0o100_644 << 16;
/// Made on Unix, so that [`MODE`] is honoured.
const MADE_BY: u16 = (3 << 8) | VERSION;

impl Archive {
    /// Adds a file; `name` has forward slashes.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), &'static str> {
        let offset = size(self.bytes.len())?;
        let name_size = u16::try_from(name.len()).map_err(|_| "a name is too long for a zip")?;
        let content_size = size(content.len())?;
        let checksum = crc32(content);
        self.entries = self.entries.checked_add(1).ok_or("there are too many files for a zip")?;

        // What the local header and the central directory have in common.
        let mut common = Vec::new();
        for field in [VERSION, UTF8, 0, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [checksum, content_size, content_size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name_size.to_le_bytes());
        common.extend(0_u16.to_le_bytes());

        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(MADE_BY.to_le_bytes());
        self.directory.extend(&common);
        for field in [0_u16, 0, 0] {
            self.directory.extend(field.to_le_bytes());
        }
        for field in [MODE, offset] {
            self.directory.extend(field.to_le_bytes());
        }
        self.directory.extend(name.as_bytes());
        Ok(())
    }

    /// The whole archive.
    pub fn finish(mut self) -> Result<Vec<u8>, &'static str> {
        let (offset, length) = (size(self.bytes.len())?, size(self.directory.len())?);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06");
        for field in [0, 0, self.entries, self.entries] {
            self.bytes.extend(field.to_le_bytes());
        }
        for field in [length, offset] {
            self.bytes.extend(field.to_le_bytes());
        }
        self.bytes.extend(0_u16.to_le_bytes());
        Ok(self.bytes)
    }
}

fn size(length: usize) -> Result<u32, &'static str> {
    u32::try_from(length).map_err(|_| "the content is too large for a zip")
}

/// The checksum of the zip format (CRC-32 as in ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn an_archive_has_its_parts_where_the_format_puts_them() {
        let mut archive = Archive::default();
        archive.add("M/a.txt", b"hello").unwrap();
        archive.add("M/b.txt", b"").unwrap();
        let bytes = archive.finish().unwrap();

        let local = 30 + "M/a.txt".len() + 5;
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        assert_eq!(&bytes[30..local], b"M/a.txthello");
        assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");

        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], b"PK\x05\x06");
        assert_eq!(u16::from_le_bytes([end[10], end[11]]), 2);
        let directory = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
        assert_eq!(&bytes[directory..directory + 4], b"PK\x01\x02");
        let length = u32::from_le_bytes([end[12], end[13], end[14], end[15]]) as usize;
        assert_eq!(directory + length, bytes.len() - 22);
    }

    #[test]
    fn equal_content_gives_an_equal_archive() {
        let make = || {
            let mut archive = Archive::default();
            archive.add("a", b"1").unwrap();
            archive.finish().unwrap()
        };
        assert_eq!(make(), make());
    }
}
