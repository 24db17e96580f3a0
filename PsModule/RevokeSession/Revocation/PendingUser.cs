using RevokeSession.Native;

namespace RevokeSession;

/// <summary>An input on its way: who was named, and what the native library makes of the name.</summary>
internal readonly record struct PendingUser(UserIdentity Identity, Judgement Judgement)
{
    /// <summary>The input as it crosses the boundary.</summary>
    public static UserInput ToInput(UserIdentity identity, ulong tag) => new()
    {
        tag = tag,
        id = identity.UserId,
        user_principal_name = identity.UserPrincipalName,
        me = identity.IsMe,
    };
}
