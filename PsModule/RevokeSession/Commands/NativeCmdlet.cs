using System;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>A cmdlet that needs the native library.</summary>
public abstract class NativeCmdlet : AsyncCmdlet
{
    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            NativeLoader.EnsureUsable();
        }
        catch (NativeLibraryException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error.Detail, NativePlatform.Current.Rid, error));
        }
    }

    /// <summary>Calls the library; what it does not foresee ends the cmdlet with an error that says so.</summary>
    private protected T CallNative<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception error) when (IsNativeFault(error))
        {
            ThrowTerminatingError(ErrorRecords.From(NativeErrors.Internal(error), null, error));
            throw;
        }
    }

    /// <summary>As <see cref="CallNative{T}"/>, where there is no answer.</summary>
    private protected void CallNative(Action call) => CallNative(() =>
    {
        call();
        return true;
    });

    /// <summary>As <see cref="CallNative{T}"/>, in the background.</summary>
    private protected T AwaitNative<T>(Func<CancellationToken, Task<T>> work) => CallNative(() => Await(work));

    /// <summary>
    /// Whether an exception comes from the library. A cancellation that nobody asked for does: it is how a
    /// panic arrives.
    /// </summary>
    private protected bool IsNativeFault(Exception error) =>
        error is InteropException || (error is OperationCanceledException && !StopToken.IsCancellationRequested);
}
