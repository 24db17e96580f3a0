using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>What happens when a runspace imports or removes the module.</summary>
public sealed class ModuleAssembly : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Prepares the loading of the native library.</summary>
    public void OnImport() => NativeLoader.Install();

    /// <summary>Signs out. Other runspaces keep their sessions.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo) => SessionTable.Replace(null);
}
