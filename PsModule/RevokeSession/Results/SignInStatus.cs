namespace RevokeSession;

/// <summary>How a sign-in ended.</summary>
public enum SignInStatus
{
    /// <summary>The error code is zero.</summary>
    Success,

    /// <summary>Any other error code.</summary>
    Failure,
}
