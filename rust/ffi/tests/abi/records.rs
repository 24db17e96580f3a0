//! Records as any caller writes them: little-endian, field after field, lengths before texts.

use crate::emulator::Emulator;

/// Puts a record together.
#[derive(Default)]
pub struct Record(Vec<u8>);

impl Record {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn byte(self, byte: u8) -> Self {
        self.bytes(&[byte])
    }

    fn number(self, number: u32) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    fn text(self, text: &[u8]) -> Self {
        self.number(length(text)).bytes(text)
    }

    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.byte(1).text(text.as_bytes()),
            None => self.byte(0),
        }
    }
}

fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("a record of the test")
}

/// A `UserInput`.
pub fn user(tag: u64, id: Option<&str>, upn: Option<&str>, me: bool) -> Vec<u8> {
    Record::default().bytes(&tag.to_le_bytes()).optional(id).optional(upn).byte(me.into()).0
}

/// A list of `UserInput`s, one for each id.
pub fn users(ids: &[String]) -> Vec<u8> {
    let numbered = (0..).zip(ids);
    numbered
        .fold(Record::default().number(length(ids)), |list, (tag, id)| list.bytes(&user(tag, Some(id), None, false)))
        .0
}

/// `RunOptions`.
pub fn options(throttle_limit: u32, timeout_seconds: u32) -> Vec<u8> {
    Record::default().number(throttle_limit).number(timeout_seconds).byte(1).byte(0).byte(0).0
}

/// A `ConnectRequest` with the client secret of the emulator's application.
pub fn request(emulator: &Emulator) -> Vec<u8> {
    Record::default()
        .byte(0)
        .optional(Some(emulator.told("tenantId")))
        .optional(Some(emulator.told("clientId")))
        // No certificate, no token file, no scopes, no account.
        .byte(0)
        .optional(None)
        .number(0)
        .optional(None)
        .text(b"Global")
        .optional(Some(emulator.told("graph")))
        .optional(Some(emulator.told("authority")))
        // No proxy, no quota, no variables.
        .optional(None)
        .byte(0)
        .number(0)
        .0
}

/// What a `RunReport` says first and last: how many outcomes it has, and whether it is the last one.
pub fn report(bytes: &[u8]) -> (u32, bool) {
    let count = bytes.first_chunk().copied().map(u32::from_le_bytes).expect("a count of outcomes");
    (count, *bytes.last().expect("the flag at the end") != 0)
}
