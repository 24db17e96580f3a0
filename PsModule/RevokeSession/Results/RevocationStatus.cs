namespace RevokeSession;

/// <summary>How one input ended.</summary>
public enum RevocationStatus
{
    /// <summary>Graph confirmed that it revoked the sessions.</summary>
    Revoked,

    /// <summary>There is no such user.</summary>
    NotFound,

    /// <summary>Graph refused.</summary>
    Denied,

    /// <summary>Graph asked to wait for longer than the run could.</summary>
    Throttled,

    /// <summary>The sessions were not revoked, and it is known why.</summary>
    Failed,

    /// <summary>A request was sent and no trustworthy answer came.</summary>
    Unknown,

    /// <summary>Nothing was to be revoked here.</summary>
    Skipped,
}
