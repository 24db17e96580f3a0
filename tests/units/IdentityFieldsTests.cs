using System;
using System.Collections.Generic;
using Xunit;

namespace RevokeSession.Tests;

public sealed class IdentityFieldsTests
{
    private const string Name = "adele@contoso.com";
    private static readonly Guid Id = new("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0");

    [Fact]
    public void A_string_is_the_only_name() =>
        Assert.Equal(new IdentityFields(Name, null), IdentityFields.Single(Name));

    [Fact]
    public void A_guid_is_written_plainly() =>
        Assert.Equal(new IdentityFields("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", null), IdentityFields.Single(Id));

    [Theory]
    [InlineData("UserId")]
    [InlineData("Id")]
    [InlineData("ObjectId")]
    public void Each_property_names_the_user_and_keeps_the_principal_name(string property) =>
        Assert.Equal(new IdentityFields("u", Name), Read((property, "u"), ("UserPrincipalName", Name)));

    [Fact]
    public void The_user_id_wins_over_an_id_and_that_over_an_object_id()
    {
        Assert.Equal("u", Read(("Id", "i"), ("ObjectId", "o"), ("UserId", "u")).UserId);
        Assert.Equal("i", Read(("ObjectId", "o"), ("Id", "i")).UserId);
    }

    [Fact]
    public void Empty_counts_as_absent()
    {
        Assert.Equal(new IdentityFields("o", null), Read(("Id", ""), ("ObjectId", "o"), ("UserPrincipalName", "")));
        Assert.Equal(new IdentityFields("i", null), Read(("UserId", ""), ("Id", "i")));
    }

    [Fact]
    public void The_own_id_of_a_sign_in_without_user_id_is_not_the_users() =>
        Assert.Equal(new IdentityFields(null, Name), Read(("UserId", ""), ("Id", "sign-in"), ("UserPrincipalName", Name)));

    [Fact]
    public void Only_text_and_guids_are_ids()
    {
        Assert.Equal(default, Read(("Id", 4711), ("ObjectId", new object()), ("UserPrincipalName", new[] { Name })));
        Assert.Equal(Id.ToString(), Read(("Id", 4711), ("ObjectId", Id)).UserId);
    }

    [Fact]
    public void Nothing_is_nobody()
    {
        Assert.Equal(default, Read());
        Assert.Equal(default, IdentityFields.Single(null));
        Assert.Equal(default, IdentityFields.Single(""));
        Assert.Equal(default, IdentityFields.Single(4711));
    }

    private static IdentityFields Read(params (string Name, object? Value)[] properties)
    {
        Dictionary<string, object?> entries = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, object? value) in properties)
        {
            entries.Add(name, value);
        }
        return IdentityFields.From(entries.TryGetValue);
    }
}
