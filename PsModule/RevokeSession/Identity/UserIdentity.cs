using System;

namespace RevokeSession;

/// <summary>
/// A user as somebody named it: by object id, by user principal name, or by an object that has them.
/// Whether that names a user at all is judged by the native library.
/// </summary>
public sealed class UserIdentity
{
    /// <summary>Reads a user from a string, a <see cref="Guid"/>, a hashtable or any object with properties.</summary>
    /// <param name="value">What names the user; never refused here.</param>
    public UserIdentity(object? value)
    {
        IdentityFields fields = PSObjectIdentity.Read(value);
        UserId = fields.UserId;
        UserPrincipalName = fields.UserPrincipalName;
        Source = PSObjectIdentity.Unwrap(value);
    }

    private UserIdentity()
    {
    }

    /// <summary>The object id; or, where there was one string only, that string.</summary>
    public string? UserId { get; private init; }

    /// <summary>The user principal name, where the source told one besides the id.</summary>
    public string? UserPrincipalName { get; private init; }

    /// <summary>What was given, as it was given.</summary>
    internal object? Source { get; private init; }

    /// <summary>Whether this is the signed-in user, whoever that is.</summary>
    internal bool IsMe { get; private init; }

    /// <summary>The signed-in user.</summary>
    internal static UserIdentity Me { get; } = new() { IsMe = true, Source = "me" };

    /// <summary>An identity that names nobody.</summary>
    internal static UserIdentity Unreadable(object? source) => new() { Source = source };

    /// <inheritdoc/>
    public override string ToString()
    {
        if (IsMe)
        {
            return "me";
        }
        return (UserPrincipalName, UserId) switch
        {
            (null, null) => Describe(Source),
            (null, { } id) => id,
            ({ } name, null) => name,
            ({ } name, { } id) => $"{name} ({id})",
        };
    }

    private static string Describe(object? source) => source switch
    {
        null => "(null)",
        string => "(empty)",
        _ => "(an object without a user id)",
    };
}
