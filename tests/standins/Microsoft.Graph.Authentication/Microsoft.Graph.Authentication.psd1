@{
    RootModule        = 'Microsoft.Graph.Authentication.psm1'
    ModuleVersion     = '2.0.0'
    GUID              = '0c0f2f2a-6a9d-4d5e-9a55-3f5d0f6d7b11'
    Description       = 'Stands in for the real module in the tests.'
    FunctionsToExport = @('Connect-MgGraph', 'Disconnect-MgGraph', 'Get-MgContext', 'Get-MgEnvironment', 'Invoke-MgGraphRequest')
    CmdletsToExport   = @()
    AliasesToExport   = @()
    VariablesToExport = @()
}
