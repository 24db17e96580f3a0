@{
    RootModule           = 'RevokeSession.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '11b806cc-a787-4c9f-88d1-a59557b50f75'
    Author               = 'RevokeSession contributors'
    CompanyName          = 'RevokeSession contributors'
    Copyright            = '(c) RevokeSession contributors. MIT license.'
    Description          = 'Ends the sign-in sessions of Microsoft Entra users through Microsoft Graph: any number of users from the pipeline, one truthful result for each.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('RevokeSession.Format.ps1xml')

    # Named one by one, and nothing else: a wildcard would make PowerShell load the module to list it.
    CmdletsToExport      = @(
        'Connect-RsGraph'
        'Disconnect-RsGraph'
        'Export-RsReport'
        'Get-RsContext'
        'Get-RsJournal'
        'Get-RsSignIn'
        'Get-RsUserSession'
        'Revoke-RsUserSession'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    PrivateData          = @{
        PSData = @{
            Tags = @(
                'Entra'
                'EntraID'
                'AzureAD'
                'MicrosoftGraph'
                'Session'
                'RevokeSignInSessions'
                'IncidentResponse'
                'Security'
                'PSEdition_Core'
                'Windows'
                'Linux'
                'MacOS'
            )
        }
    }
}
