//! The built library, loaded and driven through its C ABI as a stranger would.
//!
//! `cargo test` goes through it once. `cargo xtask memcheck` goes through it several times under
//! valgrind, where an invalid access or a lost block fails it.

mod emulator;
mod library;
mod records;
mod traces;

use std::env;
use std::sync::{Mutex, MutexGuard, PoisonError};

use emulator::Emulator;
use library::{REFUSED, Run, Session, Wire, describe_not_connected, judge_user, judge_user_lent};
use records::{options, report, request, user, users};

/// Set by `cargo xtask memcheck`: how many times to go through each test.
const ROUNDS: &str = "REVOKESESSION_ABI_ROUNDS";

fn rounds() -> u32 {
    env::var(ROUNDS).map_or(1, |rounds| rounds.parse().expect("a number of rounds"))
}

/// One test at a time, so that what one leaves behind is not taken for another's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connected(emulator: &Emulator) -> Session {
    let session = Session::create();
    session.provide_secret(Some(emulator.told("clientSecret").as_bytes())).expect("a text");
    let reply = session.connect(Wire::new(&request(emulator))).wait().expect("no one cancelled").expect("a reply");
    assert_eq!(reply.bytes(), [0], "the reply tells of no error");
    session
}

/// Takes reports to the end; how many outcomes came.
fn drain(run: &Run<'_>) -> u32 {
    let mut outcomes = 0;
    loop {
        let wire = run.next(64).wait().expect("no one cancelled").expect("a report");
        let (count, finished) = report(wire.bytes());
        outcomes += count;
        if finished {
            return outcomes;
        }
    }
}

#[test]
fn buffers_of_any_size_are_made_and_freed() {
    let _alone = alone();
    for size in [i32::MIN, -1, 0, 1, 7, 4096, 1 << 20] {
        let wire = Wire::empty(size);
        assert_eq!(wire.bytes().len(), usize::try_from(size).unwrap_or(0));
        assert!(wire.bytes().iter().all(|byte| *byte == 0));
    }
}

#[test]
fn whatever_is_judged_gets_an_answer() {
    let _alone = alone();
    for _ in 0..rounds() {
        let long = "a".repeat(100_000);
        for id in ["adele@contoso.com", "../me", "", "a\0b@c", "zo\u{eb}@contoso.com", "'@'", &long] {
            for me in [false, true] {
                let judged = judge_user(Wire::new(&user(u64::MAX, Some(id), Some(id), me)));
                assert!(!judged.expect("a judgement").bytes().is_empty());
            }
        }
        let whole = user(1, Some("adele@contoso.com"), None, false);
        for end in 0..whole.len() {
            assert_eq!(judge_user(Wire::new(&whole[..end])).err(), Some(REFUSED), "{end} bytes");
        }
        let mut lying = user(1, Some("\u{e9}"), None, false);
        for length in [u32::MAX, i32::MAX.cast_unsigned(), 1 << 31, 1 << 20, 5] {
            lying[9..13].copy_from_slice(&length.to_le_bytes());
            assert_eq!(judge_user(Wire::new(&lying)).err(), Some(REFUSED), "a text of {length} bytes");
        }
        let mut half_a_letter = user(1, Some("\u{e9}"), None, false);
        half_a_letter[13] = b'e';
        assert_eq!(judge_user(Wire::new(&half_a_letter)).err(), Some(REFUSED));
        assert!(!describe_not_connected().expect("an error").bytes().is_empty());
    }
}

#[test]
fn a_buffer_that_is_lent_is_read_and_not_freed() {
    let _alone = alone();
    let mut record = user(1, Some("adele@contoso.com"), None, false);
    let len = i32::try_from(record.len()).expect("a short record");
    assert!(judge_user_lent(&mut record, len).is_ok());
    assert_eq!(judge_user_lent(&mut record, len - 1).err(), Some(REFUSED));
    for no_length in [-1, i32::MIN] {
        assert_eq!(judge_user_lent(&mut record, no_length).err(), Some(REFUSED));
    }
}

#[test]
fn a_session_lives_and_dies() {
    let _alone = alone();
    let emulator = Emulator::start(0);
    for _ in 0..rounds() {
        let session = Session::create();
        assert_eq!(session.describe().err(), Some(REFUSED));
        assert_eq!(session.start(Wire::new(&options(8, 0))).err(), Some(REFUSED));
        assert_eq!(session.provide_secret(Some(b"\xff\xfe")), Err(REFUSED));
        session.provide_secret(None).expect("an empty text is a text");
        session.provide_secret(Some(b"replaced")).expect("a text");
        let cut = &request(&emulator)[..9];
        assert_eq!(session.connect(Wire::new(cut)).wait().expect("no one cancelled").err(), Some(REFUSED));
        let refused = session.connect(Wire::new(&request(&emulator))).wait().expect("no one cancelled");
        assert_ne!(refused.expect("a reply").bytes(), [0], "a wrong secret is an error");
        // The secret went with the attempt.
        let none = session.connect(Wire::new(&request(&emulator))).wait().expect("no one cancelled");
        assert_eq!(none.err(), Some(REFUSED));
        drop(session);

        let session = connected(&emulator);
        assert!(!session.describe().expect("a context").bytes().is_empty());
        assert_eq!(session.start(Wire::new(&options(8, 0)[..8])).err(), Some(REFUSED));
        // Destroyed while it signs in once more.
        session.provide_secret(Some(emulator.told("clientSecret").as_bytes())).expect("a text");
        let signing_in = session.connect(Wire::new(&request(&emulator)));
        drop(session);
        let _ = signing_in.wait();
    }
    traces::are_gone();
}

#[test]
fn a_run_goes_to_its_end() {
    let _alone = alone();
    for _ in 0..rounds() {
        let emulator = Emulator::start(0);
        let ids = emulator.users(120);
        let session = connected(&emulator);
        for limits in [options(u32::MAX, u32::MAX), options(0, 0)] {
            let run = session.start(Wire::new(&limits)).expect("a run");
            for part in ids.chunks(50) {
                run.submit(Wire::new(&users(part))).wait().expect("no one cancelled").expect("room");
            }
            // What is no list is refused, and the run goes on without it.
            for no_list in [&[0xff; 4][..], &[0xff; 64], &[1, 0, 0, 0], &[]] {
                let refused = run.submit(Wire::new(no_list)).wait().expect("no one cancelled");
                assert_eq!(refused.err(), Some(REFUSED), "{no_list:?}");
            }
            run.submit(Wire::new(&users(&[]))).wait().expect("no one cancelled").expect("room");
            run.flush().wait().expect("no one cancelled").expect("room");
            run.complete_input();
            assert_eq!(usize::try_from(drain(&run)), Ok(ids.len()));
            // Calls on a run that is over.
            run.submit(Wire::new(&users(&ids))).wait().expect("no one cancelled").expect("no place, no matter");
            run.flush().wait().expect("no one cancelled").expect("no place, no matter");
            assert_eq!(drain(&run), 0);
            run.cancel();
            run.complete_input();
        }
        assert_eq!(emulator.revoked(), ids.len() as u64);
    }
    traces::are_gone();
}

#[test]
fn a_run_that_is_cancelled_accounts_for_every_user() {
    let _alone = alone();
    let emulator = Emulator::start(400);
    let ids = emulator.users(300);
    for _ in 0..rounds() {
        let session = connected(&emulator);
        let run = session.start(Wire::new(&options(2, 0))).expect("a run");
        run.submit(Wire::new(&users(&ids))).wait().expect("no one cancelled").expect("room");
        let news = run.next(8);
        run.cancel();
        let wire = news.wait().expect("no one cancelled the call").expect("a report");
        let (first, finished) = report(wire.bytes());
        let rest = if finished { 0 } else { drain(&run) };
        assert!(usize::try_from(first + rest).is_ok_and(|outcomes| outcomes <= ids.len()));
    }
    traces::are_gone();
}

#[test]
fn what_is_destroyed_in_flight_leaves_nothing() {
    let _alone = alone();
    let emulator = Emulator::start(400);
    let ids = emulator.users(300);
    for _ in 0..rounds() {
        // The run goes while batches are on their way and a call waits for news.
        let session = connected(&emulator);
        let run = session.start(Wire::new(&options(4, 60))).expect("a run");
        run.submit(Wire::new(&users(&ids))).wait().expect("no one cancelled").expect("room");
        let news = run.next(1000);
        drop(run);
        assert!(news.wait().expect("no one cancelled").is_ok());

        // A call is stopped while it waits, and its callback comes all the same.
        let run = session.start(Wire::new(&options(1, 0))).expect("a run");
        let news = run.next(1000);
        news.abort();
        news.abort();
        assert!(news.wait().is_none(), "a stopped call is cancelled");
        // Nobody waits for this one at all.
        drop(run.next(1));
        drop(run.submit(Wire::new(&users(&ids))));

        // The session goes before its run, with calls under way on both.
        let run = run.outliving();
        let pending = (run.next(1), run.submit(Wire::new(&users(&ids))), run.flush());
        drop(session);
        drop(run);
        pending.0.abort();
        pending.1.abort();
        let _ = (pending.0.wait(), pending.1.wait(), pending.2.wait());
    }
    traces::are_gone();
}
