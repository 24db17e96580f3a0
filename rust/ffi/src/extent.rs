//! Whether a record from the other side is all there, told before anything is allocated for it.
//!
//! The decoders of interoptopus believe a length and allocate for it before they look for the bytes:
//! the four bytes `ff ff ff ff` as a list of users ask for hundreds of gigabytes, and an allocation
//! that fails aborts the process, which would be the user's PowerShell. So every length is held
//! against the bytes that follow it first. What a record consists of comes from the inventory, so
//! there is nothing to keep in step when a record changes.

use std::sync::LazyLock;

use interoptopus::inventory::{TypeId, Types};
use interoptopus::lang::types::{Layout, Primitive, TypeInfo, TypeKind, WireOnly};
use interoptopus::wire::Wire;

static TYPES: LazyLock<Types> = LazyLock::new(|| crate::ffi_inventory().types);

/// The fields of [`Wire`], which is `repr(C)` and keeps them to itself.
#[repr(C)]
struct Header {
    data: *const u8,
    len: i32,
    capacity: i32,
}

const _: () = assert!(size_of::<Wire<()>>() == size_of::<Header>() && align_of::<Wire<()>>() == align_of::<Header>());

/// Whether `wire` holds a whole `T`, as far as lengths tell.
pub(crate) fn is_whole<T: TypeInfo>(wire: &Wire<T>) -> bool {
    bytes(wire).is_some_and(|bytes| skip(bytes, T::id()).is_some())
}

/// The bytes of a wire; `None` where its length is none.
fn bytes<T>(wire: &Wire<T>) -> Option<&[u8]> {
    // SAFETY: `Wire` and the buffer that is its only field of any size are `repr(C)` with just these
    // fields, in a version of the crate that is pinned; the C# side relies on the same layout.
    let header = unsafe { &*std::ptr::from_ref(wire).cast::<Header>() };
    let len = usize::try_from(header.len).ok()?;
    if header.data.is_null() {
        return Some(&[]);
    }
    // SAFETY: whoever made the wire vouches for `len` bytes at `data` as long as the wire lives;
    // interoptopus itself reads them on this condition.
    Some(unsafe { std::slice::from_raw_parts(header.data, len) })
}

/// What follows a value of type `id`; `None` where the bytes end before the value does.
fn skip(bytes: &[u8], id: TypeId) -> Option<&[u8]> {
    match &TYPES.get(&id)?.kind {
        TypeKind::Primitive(primitive) => bytes.get(width(*primitive)?..),
        TypeKind::Struct(record) => record.fields.iter().try_fold(bytes, |rest, field| skip(rest, field.ty)),
        TypeKind::Enum(choice) => match choice.repr.layout {
            Layout::Primitive(primitive) => bytes.get(width(primitive)?..),
            _ => None,
        },
        TypeKind::WireOnly(WireOnly::String) => {
            let (length, rest) = length(bytes)?;
            rest.get(length..)
        }
        TypeKind::WireOnly(WireOnly::Option(value)) => match bytes.split_first()? {
            (0, rest) => Some(rest),
            (_, rest) => skip(rest, *value),
        },
        TypeKind::WireOnly(WireOnly::Vec(item)) => {
            let (count, rest) = length(bytes)?;
            (0..count).try_fold(rest, |rest, _| skip(rest, *item))
        }
        // No record of this crate holds anything else, and what cannot be checked is not let in.
        _ => None,
    }
}

/// The `u32` before a text or a list.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*length)).ok()?, rest))
}

fn width(primitive: Primitive) -> Option<usize> {
    Some(match primitive {
        // A list of nothings could be of any length.
        Primitive::Void => return None,
        Primitive::Bool | Primitive::U8 | Primitive::I8 => 1,
        Primitive::U16 | Primitive::I16 => 2,
        Primitive::U32 | Primitive::I32 | Primitive::F32 => 4,
        Primitive::U64 | Primitive::I64 | Primitive::F64 => 8,
        Primitive::Usize | Primitive::Isize => size_of::<usize>(),
    })
}

#[cfg(test)]
mod tests {
    use interoptopus::lang::types::WireIO;

    use super::*;
    use crate::boundary::unwire;
    use crate::wire::{
        CertificateInfo, ConnectRequest, CredentialKind, FfiError, RunOptions, UserInput, Variable, WriteQuota,
    };
    use crate::wire_reading::{SignInChoice, SignInRequest, UserRequest};

    /// A wire as the other side could have made it, on memory that it keeps.
    fn wire<T>(bytes: &'static [u8]) -> Wire<T> {
        let header = Header { data: bytes.as_ptr(), len: i32::try_from(bytes.len()).unwrap(), capacity: 0 };
        // SAFETY: same layout (see `bytes`), and a capacity of zero says that nothing is to be freed.
        unsafe { std::mem::transmute_copy(&header) }
    }

    fn user() -> UserInput {
        UserInput { tag: 7, id: Some("adele@contoso.com".to_owned()), user_principal_name: None, me: true }
    }

    fn encoded<T: TypeInfo + WireIO>(record: T) -> &'static [u8] {
        let mut bytes = Vec::new();
        record.write(&mut bytes).unwrap();
        bytes.leak()
    }

    /// A record is whole, the record with a byte less is not, and what is whole can be decoded.
    fn ends_where_it_should<T: TypeInfo + WireIO>(record: T) {
        let bytes = encoded(record);
        assert_eq!(skip(bytes, T::id()), Some(&[][..]));
        assert!(unwire(wire::<T>(bytes)).is_ok());
        for end in 0..bytes.len() {
            assert_eq!(skip(&bytes[..end], T::id()), None, "{end} of {} bytes", bytes.len());
            assert_eq!(unwire(wire::<T>(&bytes[..end])).err(), Some(FfiError::InvalidInput));
        }
    }

    #[test]
    fn every_kind_of_record_is_measured_as_it_is_written() {
        ends_where_it_should(user());
        ends_where_it_should(vec![user(), user()]);
        ends_where_it_should(UserRequest {
            users: vec![user()],
            filter: None,
            search: Some("displayName:adele".to_owned()),
            top: Some(u64::MAX),
            all: false,
            verbose: true,
        });
        ends_where_it_should(SignInRequest {
            addresses: vec!["203.0.113.0/24".to_owned(), String::new()],
            users: vec![user()],
            since: Some(i64::MIN),
            until: None,
            app_id: Some("app".to_owned()),
            status: SignInChoice::Failure,
            filter: None,
            top: None,
            all: true,
            verbose: false,
        });
        ends_where_it_should(RunOptions {
            throttle_limit: u32::MAX,
            timeout_seconds: 0,
            verbose: true,
            verify: false,
            journaled: true,
        });
        ends_where_it_should(ConnectRequest {
            credential: CredentialKind::AccessToken,
            tenant_id: Some("contoso".to_owned()),
            client_id: None,
            certificate: Some(CertificateInfo { sha256: vec![7; 32], not_before: 1, not_after: i64::MAX }),
            federated_token_file: None,
            scopes: vec!["User.RevokeSessions.All".to_owned()],
            account: None,
            environment: "Global".to_owned(),
            graph_endpoint: None,
            authority_host: Some(String::new()),
            proxy: None,
            write_quota: Some(WriteQuota { writes: 3000, window_seconds: 150 }),
            variables: vec![Variable { name: "NO_PROXY".to_owned(), content: String::new() }],
        });
    }

    #[test]
    fn an_empty_record_is_whole_only_where_it_may_be_empty() {
        assert!(unwire(wire::<Vec<UserInput>>(&[0; 4])).is_ok_and(|users| users.is_empty()));
        assert_eq!(unwire(wire::<Vec<UserInput>>(&[])).err(), Some(FfiError::InvalidInput));
    }

    #[test]
    fn a_length_that_the_bytes_belie_is_refused_before_anything_is_allocated() {
        // Some hundred gigabytes of users, and a text of four gigabytes.
        assert_eq!(unwire(wire::<Vec<UserInput>>(&[0xff; 4])).err(), Some(FfiError::InvalidInput));
        assert_eq!(unwire(wire::<Vec<UserInput>>(&[0xff; 64])).err(), Some(FfiError::InvalidInput));
        assert_eq!(unwire(wire::<UserInput>(&[0xff; 64])).err(), Some(FfiError::InvalidInput));
        assert_eq!(unwire(wire::<ConnectRequest>(b"\x00\x01\xff\xff\xff\xff")).err(), Some(FfiError::InvalidInput));
    }

    #[test]
    fn a_negative_length_is_refused() {
        let header = Header { data: [0; 4].as_ptr(), len: -1, capacity: 0 };
        // SAFETY: same layout, and nothing is read through a length that is none.
        let wire: Wire<UserInput> = unsafe { std::mem::transmute_copy(&header) };
        assert_eq!(unwire(wire).err(), Some(FfiError::InvalidInput));
    }
}
