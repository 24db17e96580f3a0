#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 20
}

AfterAll {
    Stop-Emulator $emulator
}

Describe 'Disconnect-RsGraph' {
    It 'forgets the session, silently' {
        Connect-Emulator $emulator
        Disconnect-RsGraph *>&1 | Should -BeNullOrEmpty
        Get-RsContext | Should -BeNullOrEmpty
        Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue |
            ForEach-Object ErrorCode | Should -Be NotConnected
        (Get-Emulator $emulator state).revocations | Should -Be 0
    }

    It 'may be run again and again' {
        { Disconnect-RsGraph; Disconnect-RsGraph } | Should -Not -Throw
    }

    It 'leaves a run whole that began before' {
        Connect-Emulator $emulator
        $members = Get-Emulator $emulator 'users?kind=member&top=5'
        $results = $members.id | Revoke-RsUserSession -Confirm:$false | ForEach-Object { Disconnect-RsGraph; $_ }
        $results.Status | Should -Be (@('Revoked') * 5)
    }

    It 'leaves other runspaces signed in' {
        $other = New-Shell $emulator
        try {
            Connect-Emulator $emulator
            Disconnect-RsGraph
            (Invoke-Shell $other Get-RsContext).Output.TenantId | Should -Be $emulator.tenantId
        }
        finally {
            Close-Shell $other
        }
    }
}
