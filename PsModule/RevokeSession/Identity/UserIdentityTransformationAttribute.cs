using System;
using System.Management.Automation;

namespace RevokeSession;

/// <summary>
/// Turns any argument or piped object into user identities.
/// </summary>
/// <remarks>
/// PowerShell tries to bind piped input as it is before it tries properties by name, and runs this even
/// then. So the whole object always arrives, and a sign-in's own <c>Id</c> is never taken for a user's.
/// </remarks>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class UserIdentityTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        PSObjectIdentity.ReadAll(inputData);
}
