//! Journals for tests, line by line.

use jiff::Timestamp;
use uuid::Uuid;

use super::record::{EndRecord, IntentRecord, OutcomeRecord, Record, RunRecord, SCHEMA, UserRecord};
use crate::outcome::Status;

/// A moment, in seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// A user by number, as inputs name it that have both names.
pub(crate) fn user(n: u128) -> UserRecord {
    UserRecord {
        user_id: Some(Uuid::from_u128(n)),
        user_principal_name: Some(format!("user{n}@contoso.com")),
        me: false,
    }
}

pub(crate) fn run(id: u128, second: i64) -> Record {
    Record::Run(RunRecord {
        schema: SCHEMA,
        run: Uuid::from_u128(id),
        at: at(second),
        module_version: "0.1.0".to_owned(),
        tenant_id: Some("contoso".to_owned()),
        environment: "Global".to_owned(),
        graph_endpoint: "https://graph.microsoft.com/".to_owned(),
        account: Some("Responder".to_owned()),
        client_id: Some("app".to_owned()),
        auth_type: "AppOnly".to_owned(),
    })
}

pub(crate) fn intent(id: u128, second: i64, user: UserRecord) -> Record {
    Record::Intent(IntentRecord { run: Uuid::from_u128(id), at: at(second), user })
}

pub(crate) fn outcome(id: u128, second: i64, user: UserRecord, status: Status) -> OutcomeRecord {
    OutcomeRecord {
        run: Uuid::from_u128(id),
        at: at(second),
        user,
        status,
        error: None,
        error_code: None,
        message: None,
        note: None,
        request_id: None,
        attempts: 1,
        sessions_valid_from: None,
        verified: None,
    }
}

pub(crate) fn told(id: u128, second: i64, user: UserRecord, status: Status) -> Record {
    Record::Outcome(outcome(id, second, user, status))
}

pub(crate) fn end(id: u128, second: i64) -> Record {
    Record::End(EndRecord { run: Uuid::from_u128(id), at: at(second) })
}

/// The lines as they are in a file.
pub(crate) fn text(records: &[Record]) -> Vec<u8> {
    let line = |record| [serde_json::to_vec(record).unwrap(), b"\n".to_vec()].concat();
    records.iter().flat_map(line).collect()
}
