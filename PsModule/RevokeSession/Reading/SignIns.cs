using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Entries of the sign-in log, as the native library reads them.</summary>
internal sealed class SignIns(SignInReading reading) : INativeReading<SignIn>
{
    /// <inheritdoc/>
    public async Task<ReadReport<SignIn>> NextAsync(uint most, CancellationToken stop)
    {
        using WireOfSignInReport wire = await reading.Next(most, stop).ConfigureAwait(false);
        SignInReport report = wire.Unwire();
        return new([.. report.entries.Select(From)], report.notices, report.finished);
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    private static ReadEntry<SignIn> From(SignInEntry entry) =>
        new(entry.sign_in is { } signIn ? From(signIn) : null, entry.error, entry.about);

    private static SignIn From(SignInRecord entry) => new()
    {
        Id = entry.id,
        UserId = entry.user_id,
        UserPrincipalName = entry.user_principal_name,
        UserDisplayName = entry.user_display_name,
        CreatedDateTime = DateTimeOffset.FromUnixTimeMilliseconds(entry.created).ToLocalTime(),
        IpAddress = entry.ip_address,
        AppId = entry.app_id,
        AppDisplayName = entry.app_display_name,
        ClientAppUsed = entry.client_app_used,
        Status = entry.succeeded ? SignInStatus.Success : SignInStatus.Failure,
        ErrorCode = entry.error_code,
        FailureReason = entry.failure_reason,
        City = entry.city,
        CountryOrRegion = entry.country_or_region,
        IsInteractive = entry.is_interactive,
    };
}
