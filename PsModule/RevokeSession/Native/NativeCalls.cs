using System;

namespace RevokeSession.Native;

/// <summary>The calls that need no session.</summary>
internal static class NativeCalls
{
    /// <summary>What the library makes of one input, without any request.</summary>
    public static Judgement Judge(UserInput input)
    {
        using ResultWireOfJudgementFfiError result = Interop.judge_user(WireOfUserInput.From(input));
        using WireOfJudgement judgement = result.AsOk();
        return judgement.Unwire();
    }

    /// <summary>The error of a cmdlet that needs a connection and has none.</summary>
    public static ErrorDetail NotConnected()
    {
        using ResultWireOfErrorDetailFfiError result = Interop.describe_not_connected();
        using WireOfErrorDetail detail = result.AsOk();
        return detail.Unwire();
    }
}
