//! The fixed users that come first in every directory, because tests ask for them by role.

use serde::Serialize;
use uuid::Uuid;

use crate::directory::{Directory, User};

/// What a fixed user is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Signed in when a delegated token names nobody else.
    Caller,
    /// A user without any peculiarity.
    Plain,
    /// A user whose principal name is awkward in an address.
    Odd,
    /// A guest, whose sessions belong to another tenant.
    Guest,
    /// A holder of a directory role, whom an application may not sign out.
    Admin,
    /// A user who may not sign in.
    Disabled,
}

/// Role, principal name, given name and surname of each member of the cast.
pub(crate) const MEMBERS: [(Role, &str, &str, &str); 14] = [
    (Role::Caller, "admin@contoso.com", "Contoso", "Administrator"),
    (Role::Plain, "adele@contoso.com", "Adele", "Vance"),
    (Role::Odd, "o'hara@contoso.com", "Maeve", "O'Hara"),
    (Role::Odd, "$dollar@contoso.com", "Dolly", "Dollar"),
    (Role::Odd, "a+b@contoso.com", "Anna", "Plus"),
    (Role::Odd, "zoë@contoso.com", "Zoë", "Çelik"),
    (Role::Odd, "percent%25@contoso.com", "Percy", "Percent"),
    (Role::Odd, "hash#tag@contoso.com", "Hasan", "Hash"),
    (Role::Guest, "megan_fabrikam.com#EXT#@contoso.com", "Megan", "Bowen"),
    (Role::Guest, "joão.o'neil_fabrikam.com#EXT#@contoso.com", "João", "O'Neil"),
    (Role::Admin, "grady@contoso.com", "Grady", "Archie"),
    (Role::Admin, "miriam@contoso.com", "Miriam", "Graham"),
    (Role::Disabled, "lee@contoso.com", "Lee", "Gu"),
    (Role::Disabled, "isaiah@contoso.com", "Isaiah", "Langer"),
];

/// The fixed users by role. A directory too small for all of them has fewer.
#[derive(Debug, Clone, Serialize)]
pub struct Cast {
    /// `adele@contoso.com`, an ordinary member.
    pub adele: Option<Member>,
    /// `admin@contoso.com`, who `/me` is for a delegated token that names nobody else.
    pub admin: Option<Member>,
    /// Guests: Graph says yes and revokes nothing.
    pub guests: Vec<Member>,
    /// Privileged users: revoking them is refused with 403.
    pub admins: Vec<Member>,
    /// Members with principal names that are awkward in an address.
    pub odd: Vec<Member>,
    /// Users who may not sign in.
    pub disabled: Vec<Member>,
}

/// One fixed user.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// The object id.
    pub id: Uuid,
    /// The principal name.
    pub upn: String,
}

impl Cast {
    pub(crate) fn of(directory: &Directory) -> Self {
        let with = |role: Role| -> Vec<Member> {
            let members = MEMBERS.iter().zip(directory.users());
            members.filter(|(member, _)| member.0 == role).map(|(_, user)| Member::of(user)).collect()
        };
        Self {
            adele: with(Role::Plain).into_iter().next(),
            admin: with(Role::Caller).into_iter().next(),
            guests: with(Role::Guest),
            admins: with(Role::Admin),
            odd: with(Role::Odd),
            disabled: with(Role::Disabled),
        }
    }
}

impl Member {
    fn of(user: &User) -> Self {
        Self { id: user.id, upn: user.user_principal_name.to_string() }
    }
}
