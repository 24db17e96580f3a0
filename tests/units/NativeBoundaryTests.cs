using System;
using System.Collections.Generic;
using System.Linq;
using RevokeSession.Native;
using Xunit;

namespace RevokeSession.Tests;

[Collection(NativeFixture.Collection)]
public sealed class NativeBoundaryTests
{
    private const string Id = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";

    public static TheoryData<string> OddNames => new()
    {
        "adele@contoso.com",
        "o'brien@contoso.com",
        "$dollar@contoso.com",
        "a+b@contoso.com",
        "jürgen.müller@contoso.com",
        "山田@contoso.com",
        "guest_fabrikam.com#EXT#@contoso.onmicrosoft.com",
    };

    public static TheoryData<string?> NoUsers => new() { null, "", " ", "../me", "me", "a/b@c.d", "a\0@c.d", "a\n@c.d", "..", new string('a', 5000) + "@c.d" };

    [Fact]
    public void Installing_twice_is_harmless() => NativeLoader.Install();

    [Fact]
    public void Users_cross_the_boundary_unchanged()
    {
        List<UserInput> users =
        [
            new() { tag = 1, id = Id, user_principal_name = "山田+o'b#EXT#@contoso.com", me = false },
            new() { tag = ulong.MaxValue, id = null, user_principal_name = null, me = true },
            new() { tag = 0, id = "", user_principal_name = new string('x', 100_000), me = false },
        ];
        using WireOfVecUserInput wire = users.Wire();

        List<UserInput> back = wire.Unwire();

        Assert.Equal(
            users.Select(user => (user.tag, user.id, user.user_principal_name, user.me)),
            back.Select(user => (user.tag, user.id, user.user_principal_name, user.me)));
    }

    [Fact]
    public void A_report_crosses_the_boundary_unchanged()
    {
        RunReport report = new()
        {
            outcomes =
            [
                new()
                {
                    tag = 7,
                    status = Native.RevocationStatus.Denied,
                    user_id = Id,
                    user_principal_name = null,
                    revoked = false,
                    note = "ä note",
                    warn = true,
                    error = new() { id = "AccessDenied", category = "PermissionDenied", message = "no", recommended_action = "ask" },
                    error_code = "Authorization_RequestDenied",
                    request_id = null,
                    attempts = 2,
                    timestamp = -1,
                    sessions_valid_from = 1_700_000_000_000,
                    verified = true,
                },
            ],
            notices = [new() { text = "batch 1", warning = false }, new() { text = "gone", warning = true }],
            progress = new() { accepted = 3, done = 1, per_second = 12.5, remaining_seconds = -1 },
            finished = true,
        };
        using WireOfRunReport wire = report.Wire();

        RunReport back = wire.Unwire();

        Assert.Equivalent(report, back, strict: true);
    }

    [Theory]
    [MemberData(nameof(OddNames))]
    public void A_principal_name_is_a_user(string name)
    {
        Judgement judgement = Judge(name);
        Assert.Null(judgement.error);
        Assert.Equal(name, judgement.user_principal_name);
        Assert.Contains(name, judgement.display, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_names_both()
    {
        Judgement judgement = Judge(Id.ToUpperInvariant(), "adele@contoso.com");
        Assert.Equal($"adele@contoso.com ({Id})", judgement.display);
        Assert.Equal(Id, judgement.object_id);
    }

    [Theory]
    [MemberData(nameof(NoUsers))]
    public void What_names_no_user_is_refused(string? id)
    {
        ErrorDetail? error = Judge(id).error;
        Assert.NotNull(error);
        Assert.Equal("InvalidUserId", error.id);
        Assert.NotEmpty(error.recommended_action);
    }

    [Fact]
    public void Not_connected_tells_the_line_to_run()
    {
        ErrorDetail detail = NativeCalls.NotConnected();
        Assert.Equal("NotConnected", detail.id);
        Assert.Contains("Connect-RsGraph -TenantId", detail.message + detail.recommended_action, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_judgements_keep_their_order()
    {
        for (int number = 0; number < 5000; number++)
        {
            string name = $"user{number}@contoso.com";
            Assert.Equal(name, Judge(name).user_principal_name);
        }
    }

    private static Judgement Judge(string? id, string? name = null) =>
        NativeCalls.Judge(new UserInput { tag = 1, id = id, user_principal_name = name, me = false });
}
