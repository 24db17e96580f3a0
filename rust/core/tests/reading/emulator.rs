//! Reading over real connections.

use std::collections::HashSet;
use std::net::IpAddr;

use graph_emulator::{CloseWhen, Effect, Emulator, EmulatorConfig, FaultPoint, FaultRule, ScriptedAnswer, TokenGrant};
use revoke_session_core::reading::{Limit, SignInQuery, UserQuery, look_up_users, read_sign_ins, read_users};
use revoke_session_core::{ConnectOptions, Credential, Endpoints, Environment, ErrorId, Input, Session};
use serde_json::json;

use crate::support::read;

async fn emulator() -> Emulator {
    Emulator::start(EmulatorConfig { users: 2500, sign_ins: 2500, ..EmulatorConfig::default() }).await.unwrap()
}

async fn connected(emulator: &Emulator, roles: &[&str]) -> Session {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let token = emulator.mint_token(&TokenGrant { roles: Some(roles), ..TokenGrant::default() });
    let at = emulator.endpoints();
    let endpoints = Endpoints::new(Environment::Global, Some(&at.graph), Some(&at.authority)).unwrap();
    Session::connect(ConnectOptions::new(endpoints, Credential::AccessToken(token.into()))).await.unwrap()
}

fn everybody() -> UserQuery {
    UserQuery { limit: Limit::None, ..UserQuery::default() }
}

#[tokio::test]
async fn everybody_is_read_once_whatever_happens_on_the_way() {
    let emulator = emulator().await;
    let session = connected(&emulator, &["User.Read.All"]).await;
    for effect in [
        Effect::Close(CloseWhen::Before),
        Effect::Close(CloseWhen::After),
        Effect::Truncate(5000),
        Effect::RetryAfter("0.2".to_owned()),
    ] {
        emulator.faults().clear();
        emulator.faults().add(FaultRule::new(FaultPoint::Users, effect.clone()).after(1).times(2));
        let found = read(read_users(&session, &everybody(), false)).await;
        assert!(found.failures.is_empty(), "{effect:?} {:?}", found.failures);
        let ids: HashSet<_> = found.items.iter().map(|user| user.id.clone()).collect();
        assert_eq!((found.items.len(), ids.len()), (2500, 2500), "{effect:?}");
    }
    assert!(!format!("{:?}", read_users(&session, &everybody(), true)).contains("eyJ"));
}

#[tokio::test]
async fn advanced_queries_go_through() {
    let emulator = emulator().await;
    let session = connected(&emulator, &["User.Read.All"]).await;
    let disabled = emulator.directory().users().iter().filter(|user| !user.account_enabled).count();
    for filter in ["accountEnabled eq false", "accountEnabled ne true", "not(accountEnabled eq true)"] {
        let query = UserQuery { filter: Some(filter.to_owned()), ..everybody() };
        assert_eq!(read(read_users(&session, &query, false)).await.items.len(), disabled, "{filter}");
    }
    let query = UserQuery { search: Some("displayName:adele".to_owned()), ..everybody() };
    assert!(!read(read_users(&session, &query, false)).await.items.is_empty());
}

#[tokio::test]
async fn odd_names_are_looked_up_as_they_are() {
    let emulator = emulator().await;
    let session = connected(&emulator, &["User.Read.All"]).await;
    let cast = emulator.directory().cast();
    let names: Vec<&str> = cast.odd.iter().map(|member| member.upn.as_str()).collect();
    let inputs: Vec<_> = names.iter().map(|name| Input::parse(0, Some(name), None)).collect();
    let found = read(look_up_users(&session, &inputs, false)).await;
    let found: Vec<_> = found.items.iter().map(|user| user.user_principal_name.as_deref().unwrap()).collect();
    assert_eq!(found, names);
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    let (emulator, other) = (emulator().await, emulator().await);
    let session = connected(&emulator, &["User.Read.All"]).await;
    let link = format!("{}/v1.0/users?$skiptoken=x", other.endpoints().graph);
    let body = Some(json!({"value": [{"id": "a"}], "@odata.nextLink": link}));
    let answer = ScriptedAnswer { status: 200, body, ..ScriptedAnswer::default() };
    emulator.faults().add(FaultRule::new(FaultPoint::Users, Effect::Answer(answer)));
    let found = read(read_users(&session, &everybody(), false)).await;
    assert_eq!((found.items.len(), found.error_ids()), (1, vec![ErrorId::InvalidAnswer]));
    assert_eq!(other.ledger().counts().requests.total, 0);
}

#[tokio::test]
async fn the_log_is_searched_by_value() {
    let emulator = emulator().await;
    let session = connected(&emulator, &["AuditLog.Read.All"]).await;
    for range in ["203.0.113.0/25", "10.1.0.0/20", "2001:db8::/32", "2001:db8:85a3::8a2e:370:7334", "::/0", "0.0.0.0/1"]
    {
        let addresses = vec![range.parse().unwrap()];
        let query = SignInQuery { addresses: addresses.clone(), everything: true, ..SignInQuery::default() };
        let found = read(read_sign_ins(&session, query, false)).await;
        let is_in = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| addresses[0].contains(address));
        let wanted = emulator.sign_ins().entries().iter().filter(|entry| is_in(entry.ip_address())).count();
        assert_eq!((found.items.len(), found.failures.len()), (wanted, 0), "{range}");
        assert!(wanted > 0, "{range}");
    }
    emulator.sign_ins().set_premium(false);
    let refused = read(read_sign_ins(&session, SignInQuery::default(), false)).await;
    assert_eq!(refused.error_ids(), [ErrorId::LicenseRequired]);
}
