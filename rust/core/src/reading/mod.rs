//! Reading: users and entries of the sign-in log, a page or a batch at a time.
//!
//! Nothing here changes anything at Graph. So every request without an answer is simply repeated, and
//! nothing waits for the pacing of writes. A stream asks for the next page when it is asked for more
//! and no page is left, so that a caller who has seen enough causes no further request.

mod advanced;
mod events;
mod exchange;
mod ip_range;
mod lookup;
mod next_link;
mod page;
mod pages;
mod query;
mod refusal;
mod sign_in;
mod sign_in_query;
mod user;
mod user_query;

pub use events::{ReadEvent, Reading};
pub use ip_range::{InvalidIpRange, IpRange};
pub use lookup::look_up_users;
pub use sign_in::{SignIn, SignInStatus};
pub use sign_in_query::{SignInQuery, read_sign_ins};
pub use user::UserSession;
pub use user_query::{Limit, UserQuery, read_users};
