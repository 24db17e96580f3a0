using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Users, as the native library reads them.</summary>
internal sealed class UserSessions(UserReading reading) : INativeReading<UserSession>
{
    /// <inheritdoc/>
    public async Task<ReadReport<UserSession>> NextAsync(uint most, CancellationToken stop)
    {
        using WireOfUserReport wire = await reading.Next(most, stop).ConfigureAwait(false);
        UserReport report = wire.Unwire();
        return new([.. report.entries.Select(From)], report.notices, report.finished);
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    private static ReadEntry<UserSession> From(UserEntry entry) =>
        new(entry.user is { } user ? From(user) : null, entry.error, entry.about);

    private static UserSession From(UserRecord user) => new()
    {
        UserId = user.id,
        UserPrincipalName = user.user_principal_name,
        DisplayName = user.display_name,
        SessionsValidFrom = user.sessions_valid_from is { } moment
            ? DateTimeOffset.FromUnixTimeMilliseconds(moment).ToLocalTime()
            : null,
        AccountEnabled = user.account_enabled,
        UserType = user.user_type,
        Department = user.department,
    };
}
