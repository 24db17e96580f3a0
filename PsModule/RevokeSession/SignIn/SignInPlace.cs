using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Where to sign in, and how to get and behave there.</summary>
/// <param name="Environment">The national cloud.</param>
/// <param name="GraphEndpoint">Another Graph endpoint than the cloud's own.</param>
/// <param name="AuthorityHost">Another authority than the cloud's own.</param>
internal sealed record SignInPlace(GraphEnvironment Environment, string? GraphEndpoint, string? AuthorityHost)
{
    /// <summary>The proxy to go through, instead of the one that variables or the system name.</summary>
    public string? Proxy { get; init; }

    /// <summary>Another write quota than the cloud's own.</summary>
    public WriteQuota? WriteQuota { get; init; }
}
