using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace RevokeSession;

/// <summary>Finds the users in whatever PowerShell hands over.</summary>
internal static class PSObjectIdentity
{
    // Arrays this deep hold themselves.
    private const int DeepestNesting = 32;

    /// <summary>The names of the one user that <paramref name="value"/> is.</summary>
    public static IdentityFields Read(object? value)
    {
        try
        {
            return Unwrap(value) switch
            {
                null => default,
                string or Guid => IdentityFields.Single(Unwrap(value)),
                UserIdentity known => new(known.UserId, known.UserPrincipalName),
                IDictionary entries => IdentityFields.From(Lookup(entries)),
                IDictionary<string, object?> entries => IdentityFields.From(Lookup(entries)),
                _ => IdentityFields.From(Lookup(PSObject.AsPSObject(value))),
            };
        }
        catch (Exception)
        {
            // Somebody's property or dictionary failed. That is an input that names nobody, not an end.
            return default;
        }
    }

    /// <summary>All users in a value, arrays in arrays included.</summary>
    public static UserIdentity[] ReadAll(object? value)
    {
        List<UserIdentity> found = new(1);
        Collect(value, found, 0);
        return found.ToArray();
    }

    private static void Collect(object? value, List<UserIdentity> found, int depth)
    {
        if (Unwrap(value) is UserIdentity known)
        {
            found.Add(known);
            return;
        }
        if (Elements(value) is not { } elements)
        {
            found.Add(new UserIdentity(value));
            return;
        }
        if (depth == DeepestNesting)
        {
            found.Add(UserIdentity.Unreadable(value));
            return;
        }
        try
        {
            foreach (object? element in elements)
            {
                Collect(element, found, depth + 1);
            }
        }
        catch (Exception error) when (error is not PipelineStoppedException)
        {
            found.Add(UserIdentity.Unreadable(value));
        }
    }

    private static IEnumerable? Elements(object? value) => Unwrap(value) switch
    {
        null or string or Guid or IDictionary or IDictionary<string, object?> => null,
        { } plain => LanguagePrimitives.GetEnumerable(plain),
    };

    /// <summary>The object that PowerShell wrapped; one that exists as a wrapper only stays as it is.</summary>
    public static object? Unwrap(object? value)
    {
        while (value is PSObject wrapper && wrapper.BaseObject is { } inner && inner is not PSCustomObject)
        {
            value = inner;
        }
        return value;
    }

    private static PropertyLookup Lookup(PSObject source) => (string name, out object? value) =>
    {
        PSPropertyInfo? property = source.Properties[name];
        value = null;
        try
        {
            value = Unwrap(property?.Value);
        }
        catch (GetValueException)
        {
            // A property that cannot be read has no value.
        }
        return property is not null;
    };

    private static PropertyLookup Lookup(IDictionary entries) => (string name, out object? value) =>
    {
        foreach (DictionaryEntry entry in entries)
        {
            if (Unwrap(entry.Key) is string key && key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = Unwrap(entry.Value);
                return true;
            }
        }
        value = null;
        return false;
    };

    private static PropertyLookup Lookup(IDictionary<string, object?> entries) => (string name, out object? value) =>
    {
        foreach ((string key, object? entry) in entries)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = Unwrap(entry);
                return true;
            }
        }
        value = null;
        return false;
    };
}
