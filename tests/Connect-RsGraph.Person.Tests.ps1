#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/sign-in.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Connect-RsGraph -AzureCli' -Skip:$IsWindows {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'signs in as the Azure CLI is, found where the session says' {
        $cli = New-AzureCli sign-in
        Use-Environment @{ PATH = $cli.Path } { Connect-RsGraph -AzureCli @place *>&1 | Should -BeNullOrEmpty }
        Assert-SignedIn AzureCli
        Get-Content (Join-Path $cli.Folder calls) | Should -BeLike 'account get-access-token *'
    }

    It 'asks it for another tenant' {
        $cli = New-AzureCli sign-in
        Use-Environment @{ PATH = $cli.Path } { Connect-RsGraph -AzureCli -TenantId $emulator.tenantId @place }
        Get-Content (Join-Path $cli.Folder calls) | Should -BeLike "*--tenant $($emulator.tenantId)*"
    }

    It 'says that nobody is signed in there' {
        Use-Environment @{ PATH = (New-AzureCli nothing).Path } {
            $failure = Get-FailureOf { Connect-RsGraph -AzureCli @place }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
            "$failure" | Should -BeLike "*Please run 'az login'*"
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*az login*'
        }
    }

    It 'says that there is none' {
        $folder = (New-Item (Join-Path $TestDrive no-az) -ItemType Directory -Force).FullName
        Copy-Item -LiteralPath (Get-Command sh -CommandType Application | Select-Object -First 1).Source $folder
        Use-Environment @{ PATH = $folder } {
            $failure = Get-FailureOf { Connect-RsGraph -AzureCli @place }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
            "$failure" | Should -BeLike '*az not found*'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike 'Install the Azure CLI*'
        }
    }

    It 'ends it, and what it started, when it is stopped' {
        $cli = New-AzureCli hang
        $shell = New-Shell
        try {
            Use-Environment @{ PATH = $cli.Path } {
                $null = $shell.AddCommand('Connect-RsGraph').AddParameter('AzureCli').AddParameters($place)
                $running = $shell.BeginInvoke()
                Wait-Until { Test-Path (Join-Path $cli.Folder pids) }
            }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
            Wait-Until { -not (Get-Process -Id (Get-Content (Join-Path $cli.Folder pids)) -ErrorAction Ignore) } -Seconds 3
        }
        finally {
            Close-Shell $shell
            Stop-Process -Id (Get-Content (Join-Path $cli.Folder pids)) -ErrorAction Ignore
        }
    }
}

Describe 'Connect-RsGraph -UseDeviceCode' {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'shows the code on the information stream, and signs in whoever enters it' {
        Set-DeviceDecision approve
        $shown = @(Connect-RsGraph -UseDeviceCode @place 6>&1)
        $shown.Count | Should -Be 1
        $shown[0] | Should -BeOfType System.Management.Automation.InformationRecord
        $shown[0].Tags | Should -Contain PSHOST
        "$shown" | Should -BeLike '*enter the code*'
        $context = Get-RsContext
        $context.Account | Should -Be admin@contoso.com
        $context.AuthType | Should -Be Delegated
        $context.ClientId | Should -Be 14d82eec-204b-4c2f-b7e8-296a70dab67e
        $context.Scopes | Should -Contain User.RevokeSessions.All
        Assert-SignedIn DeviceCode
    }

    It 'shows it on the host, whatever the preferences are' {
        Set-DeviceDecision approve
        $shell = New-Shell
        try {
            $run = Invoke-Shell $shell '$InformationPreference = "SilentlyContinue"; $with = $args[0]; Connect-RsGraph -UseDeviceCode @with' $place
            $run.Failure | Should -BeNullOrEmpty
            "$($run.Lines)" | Should -BeLike '*enter the code*'
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'asks for other permissions, as another application, in one tenant' {
        Set-DeviceDecision approve
        Connect-RsGraph -UseDeviceCode @application -Scopes User.Read, User.RevokeSessions.All 6>&1 | Out-Null
        $context = Get-RsContext
        $context.ClientId | Should -Be $emulator.clientId
        $context.Scopes | Sort-Object | Should -Be User.Read, User.RevokeSessions.All
        Assert-SignedIn DeviceCode
    }

    It 'says that <Message>' -ForEach @(
        @{ Action = 'deny'; Message = 'the sign-in was declined'; Expected = '*declined*' }
        @{ Action = 'expire'; Message = 'the code was not used in time'; Expected = '*AADSTS70020*' }
    ) {
        Set-DeviceDecision $Action
        $failure = Get-FailureOf { Connect-RsGraph -UseDeviceCode @place 6>&1 }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike $Expected
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Connect-RsGraph*again*'
    }

    It 'asks less often when it is told to, and is stopped within a second' {
        $shell = New-Shell
        try {
            $null = $shell.AddCommand('Connect-RsGraph').AddParameter('UseDeviceCode').AddParameters($place)
            $running = $shell.BeginInvoke()
            Wait-Until { (Get-Emulator $emulator device).polls -gt 0 }
            $null = Set-Emulator $emulator device @{ action = 'slow-down' }
            Wait-Until { (Get-Emulator $emulator device).polls -gt 1 }
            # RFC 8628: five seconds more from now on.
            [System.Threading.Thread]::Sleep(1000)
            [System.Threading.Thread]::Sleep(1000)
            (Get-Emulator $emulator device).polls | Should -Be 2
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
            (Invoke-Shell $shell Get-RsContext).Output | Should -BeNullOrEmpty
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'renews the token without asking again' {
        Set-DeviceDecision approve
        Connect-RsGraph -UseDeviceCode @place 6>&1 | Out-Null
        $before = (Get-Emulator $emulator state).requests
        $null = Set-Emulator $emulator expire-tokens
        Revoke-RsUserSession adele@contoso.com -Confirm:$false 6>&1 | ForEach-Object Status | Should -Be Revoked
        $after = (Get-Emulator $emulator state).requests
        $after.token - $before.token | Should -Be 1
        $after.device - $before.device | Should -Be 0
    }

    It 'tells those who revoked their own sessions that they have to sign in again' {
        Set-DeviceDecision approve adele@contoso.com
        Connect-RsGraph -UseDeviceCode @place 6>&1 | Out-Null
        Revoke-RsUserSession adele@contoso.com -Confirm:$false | ForEach-Object Status | Should -Be Revoked
        $null = Set-Emulator $emulator expire-tokens
        $result = Revoke-RsUserSession lee@contoso.com -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failures
        $result.Status | Should -Be Failed
        $result.ErrorCode | Should -Be AuthenticationFailed
        $result.Message | Should -BeLike '*AADSTS50173*'
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*Run Connect-RsGraph again*'
    }
}

Describe 'Connect-RsGraph -UseMgGraphSession' {
    BeforeAll {
        Import-Module (Join-Path $standIns Microsoft.Graph.Authentication)
    }

    AfterAll {
        Remove-Module Microsoft.Graph.Authentication
    }

    BeforeEach {
        Disconnect-RsGraph
        Disconnect-MgGraph
        Reset-Emulator $emulator
    }

    It 'uses the session of Connect-MgGraph, silently' {
        Connect-MgGraph $emulator
        Connect-RsGraph -UseMgGraphSession *>&1 | Should -BeNullOrEmpty
        $context = Get-RsContext
        $context.TenantId | Should -Be $emulator.tenantId
        $context.Account | Should -Be admin@contoso.com
        $context.AuthType | Should -Be Delegated
        $context.Scopes | Should -Contain User.RevokeSessions.All
        ([uri]$context.GraphEndpoint).Authority | Should -Be ([uri]$emulator.graph).Authority
        ([uri]$context.AuthorityHost).Authority | Should -Be ([uri]$emulator.authority).Authority
        Assert-SignedIn MgGraphSession
        (Get-Emulator $emulator state).requests.token | Should -Be 0
    }

    It 'shows nothing of the other module, however curious the session is' {
        Connect-MgGraph $emulator
        $shell = New-Shell
        try {
            $run = Invoke-Shell $shell @'
                Import-Module $args[0]
                Connect-MgGraph $args[1]
                $global:VerbosePreference = $global:DebugPreference = 'Continue'
                $global:InformationPreference = $global:WarningPreference = 'Continue'
                'from here'
                Connect-RsGraph -UseMgGraphSession -Verbose -Debug *>&1
'@ (Join-Path $standIns Microsoft.Graph.Authentication), $emulator
            $run.Failure | Should -BeNullOrEmpty
            $run.Errors | Should -BeNullOrEmpty
            $run.Output | Should -Be 'from here'
            $shown = ($run.Lines + $run.Progress.Activity) -join ' '
            $shown | Should -Not -BeLike '*eyJ*'
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'tells of an application' {
        Connect-MgGraph $emulator -Grant @{ kind = 'app' }
        Connect-RsGraph -UseMgGraphSession
        (Get-RsContext).AuthType | Should -Be AppOnly
        Assert-SignedIn MgGraphSession
    }

    It 'takes the new token once Graph refuses the old one' {
        Connect-MgGraph $emulator -Renew
        Connect-RsGraph -UseMgGraphSession
        $null = Set-Emulator $emulator expire-tokens
        Assert-SignedIn MgGraphSession
    }

    It 'says what to do when there is no new token' {
        Connect-MgGraph $emulator
        Connect-RsGraph -UseMgGraphSession
        $null = Set-Emulator $emulator expire-tokens
        $result = Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failures
        $result.ErrorCode | Should -Be AuthenticationFailed
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*Connect-MgGraph*'
    }

    It 'takes the token from the pipeline thread in the middle of a run, and in a run within it' {
        Connect-MgGraph $emulator -Renew
        Connect-RsGraph -UseMgGraphSession
        $users = Get-Members 40
        $inner = $null
        $outer = $users | Revoke-RsUserSession -Confirm:$false -ThrottleLimit 1 | ForEach-Object {
            if (-not $inner) {
                # Both runs find out that the token is no longer good.
                $null = Set-Emulator $emulator expire-tokens
                $inner = Revoke-RsUserSession $users[-1] -Confirm:$false
            }
            $_
        }
        $inner.Status | Should -Be Revoked
        $outer.Count | Should -Be $users.Count
        $outer.Status | Sort-Object -Unique | Should -Be Revoked
    }

    It 'does not go on as somebody else' {
        Connect-MgGraph $emulator -Renew
        Connect-RsGraph -UseMgGraphSession
        Connect-MgGraph $emulator -Renew -Grant @{ kind = 'delegated'; upn = 'adele@contoso.com' }
        $null = Set-Emulator $emulator expire-tokens
        $result = Revoke-RsUserSession lee@contoso.com -Confirm:$false -ErrorAction SilentlyContinue
        $result.Status | Should -Be Failed
        $result.Message | Should -BeLike '*somebody else*'
    }

    It 'says that Connect-MgGraph has not been run' {
        $failure = Get-FailureOf { Connect-RsGraph -UseMgGraphSession }
        $failure.FullyQualifiedErrorId | Should -Be 'MgGraphSessionMissing,RevokeSession.Commands.ConnectRsGraphCommand'
        "$failure" | Should -BeLike 'Connect-MgGraph has not been run in this PowerShell*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Connect-MgGraph*'
    }

    It 'says so when it was ended in the middle of a session' {
        Connect-MgGraph $emulator
        Connect-RsGraph -UseMgGraphSession
        Disconnect-MgGraph
        $null = Set-Emulator $emulator expire-tokens
        $result = Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue
        $result.Message | Should -Be 'Signing in failed: Connect-MgGraph has not been run in this PowerShell.'
    }

    It 'says that its request failed' {
        Connect-MgGraph $emulator
        & (Get-Module Microsoft.Graph.Authentication) { $session.Broken = $true }
        $failure = Get-FailureOf { Connect-RsGraph -UseMgGraphSession }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike '*Invoke-MgGraphRequest failed: An error occurred while sending the request.'
    }

    It 'is stopped within a second while the other module waits' {
        $waits = [System.Threading.ManualResetEventSlim]::new()
        $shell = New-Shell
        try {
            $null = $shell.AddScript(@'
                $module = Import-Module $args[0] -PassThru
                Connect-MgGraph $args[1]
                & $module { param ($waits) $session.Slow = $waits } $args[2]
                Connect-RsGraph -UseMgGraphSession
'@).AddArgument((Join-Path $standIns Microsoft.Graph.Authentication)).AddArgument($emulator).AddArgument($waits)
            $running = $shell.BeginInvoke()
            $waits.Wait(10000) | Should -BeTrue
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
            (Invoke-Shell $shell Get-RsContext).Output | Should -BeNullOrEmpty
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'says that the module is not there' {
        $shell = New-Shell
        try {
            $run = Invoke-Shell $shell 'Connect-RsGraph -UseMgGraphSession'
            $run.Errors[0].FullyQualifiedErrorId | Should -Be 'MgGraphModuleMissing,RevokeSession.Commands.ConnectRsGraphCommand'
            "$($run.Errors[0])" | Should -BeLike '*Microsoft.Graph.Authentication*'
        }
        finally {
            Close-Shell $shell
        }
    }
}
