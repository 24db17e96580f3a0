using System;
using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Makes every <see cref="ErrorRecord"/> of this module.</summary>
internal static class ErrorRecords
{
    /// <summary>Shows an error in PowerShell's form.</summary>
    /// <param name="detail">Its names and texts, which the native library decides.</param>
    /// <param name="target">The input it is about.</param>
    /// <param name="cause">The exception behind it, where there is one.</param>
    public static ErrorRecord From(ErrorDetail detail, object? target, Exception? cause = null)
    {
        if (!Enum.TryParse(detail.category, out ErrorCategory category))
        {
            category = ErrorCategory.NotSpecified;
        }
        return new ErrorRecord(new RevokeSessionException(detail.message, cause), detail.id, category, target)
        {
            ErrorDetails = new ErrorDetails(detail.message) { RecommendedAction = detail.recommended_action },
        };
    }
}
