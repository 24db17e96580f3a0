#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 20
    $place = @{ GraphEndpoint = $emulator.graph; AuthorityHost = $emulator.authority }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Get-RsContext' {
    It 'gives nothing and no error when nobody is signed in' {
        Disconnect-RsGraph
        Get-RsContext *>&1 | Should -BeNullOrEmpty
    }

    It 'tells of an application' {
        Connect-Emulator $emulator
        $context = Get-RsContext
        $context | Should -BeOfType RevokeSession.RsContext
        $context.ClientId | Should -Be $emulator.clientId
        $context.TenantId | Should -Be $emulator.tenantId
        ([uri]$context.GraphEndpoint).Authority | Should -Be ([uri]$emulator.graph).Authority
        ([uri]$context.AuthorityHost).Authority | Should -Be ([uri]$emulator.authority).Authority
        $context.Environment | Should -Be Custom
        $context.AuthType | Should -Be AppOnly
        $context.TokenCredentialType | Should -Be ClientSecret
        $context.Roles | Should -Contain User.RevokeSessions.All
        $context.Scopes | Should -BeNullOrEmpty
        $context.ExpiresOn | Should -BeOfType System.DateTimeOffset
        $context.ExpiresOn | Should -BeGreaterThan ([DateTimeOffset]::Now)
    }

    It 'tells of a signed-in user' {
        $token = Set-Emulator $emulator token @{ kind = 'delegated'; upn = 'adele@contoso.com' }
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token.access_token) @place
        $context = Get-RsContext
        $context.Account | Should -Be adele@contoso.com
        $context.AuthType | Should -Be Delegated
        $context.TokenCredentialType | Should -Be AccessToken
        $context.Scopes | Should -Not -BeNullOrEmpty
        $context.Roles | Should -BeNullOrEmpty
    }

    It 'shows a list without a secret' {
        Connect-Emulator $emulator
        $text = Get-RsContext | Out-String
        foreach ($name in 'Account', 'ClientId', 'TenantId', 'Environment', 'GraphEndpoint', 'AuthType', 'Roles', 'ExpiresOn') {
            $text | Should -Match "(?m)^$name\s+:"
        }
        Get-RsContext | Format-List * -Force | Out-String | Should -Not -BeLike "*$($emulator.clientSecret)*"
    }
}
