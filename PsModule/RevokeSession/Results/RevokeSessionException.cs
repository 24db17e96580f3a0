using System;

namespace RevokeSession;

/// <summary>The exception inside the error records of this module. Its record's id tells the cause.</summary>
public sealed class RevokeSessionException : Exception
{
    /// <summary>Makes one without a message.</summary>
    public RevokeSessionException()
    {
    }

    /// <summary>Makes one with a message.</summary>
    /// <param name="message">What happened.</param>
    public RevokeSessionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a message and what is behind it.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The exception behind it.</param>
    public RevokeSessionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
