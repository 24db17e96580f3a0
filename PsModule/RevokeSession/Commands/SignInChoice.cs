namespace RevokeSession.Commands;

/// <summary>Which endings of a sign-in are wanted.</summary>
public enum SignInChoice
{
    /// <summary>Either.</summary>
    Any,

    /// <summary>Error code zero.</summary>
    Success,

    /// <summary>Any other error code.</summary>
    Failure,
}
