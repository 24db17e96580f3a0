using System;

namespace RevokeSession;

/// <summary>Looks a property up by name, whatever its case, and unwraps its value.</summary>
internal delegate bool PropertyLookup(string name, out object? value);

/// <summary>The two names of a user that an object can carry.</summary>
internal readonly record struct IdentityFields(string? UserId, string? UserPrincipalName)
{
    /// <summary>The only name there is, where somebody gave a string or a GUID.</summary>
    public static IdentityFields Single(object? value) => new(Text(value), null);

    /// <summary>Takes the names from an object's properties.</summary>
    public static IdentityFields From(PropertyLookup find)
    {
        bool belongsToUser = find("UserId", out object? value);
        string? id = Text(value);
        string? name = Find(find, "UserPrincipalName");

        // What has a UserId is not the user itself but something about it, such as a sign-in: its Id is
        // its own, and the user principal name tells more where the UserId is empty.
        if (id is null && !(belongsToUser && name is not null))
        {
            id = Find(find, "Id") ?? Find(find, "ObjectId");
        }
        return new(id, name);
    }

    private static string? Find(PropertyLookup find, string property) =>
        find(property, out object? value) ? Text(value) : null;

    private static string? Text(object? value) => value switch
    {
        string { Length: > 0 } text => text,
        Guid id => id.ToString("D"),
        _ => null,
    };
}
