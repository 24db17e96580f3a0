namespace RevokeSession;

/// <summary>What a journal tells of one input: its result, and the run it belongs to.</summary>
public sealed class JournalEntry : RevocationResult
{
    /// <summary>The id of the run.</summary>
    public string? RunId { get; internal init; }

    /// <summary>Who revoked: the signed-in user, or the name of the application.</summary>
    public string? Account { get; internal init; }

    /// <summary>The tenant.</summary>
    public string? TenantId { get; internal init; }

    /// <summary>The version of the module that wrote the journal.</summary>
    public string? ModuleVersion { get; internal init; }
}
