namespace RevokeSession;

/// <summary>The national clouds of Microsoft Graph.</summary>
public enum GraphEnvironment
{
    /// <summary>The worldwide cloud.</summary>
    Global,

    /// <summary>US Government L4.</summary>
    USGov,

    /// <summary>US Government L5 (DoD).</summary>
    USGovDoD,

    /// <summary>China, operated by 21Vianet.</summary>
    China,
}
