#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/sign-in.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Connect-RsGraph' {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'signs in with a client secret, silently' {
        Connect-RsGraph @signIn *>&1 | Should -BeNullOrEmpty
        (Get-RsContext).TokenCredentialType | Should -Be ClientSecret
        (Get-Emulator $emulator state).requests.token | Should -Be 1
    }

    It 'takes an access token, silently' {
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) @place *>&1 | Should -BeNullOrEmpty
        (Get-RsContext).TokenCredentialType | Should -Be AccessToken
        Revoke-RsUserSession adele@contoso.com -Confirm:$false | ForEach-Object Status | Should -Be Revoked
        (Get-Emulator $emulator state).requests.token | Should -Be 0
    }

    It 'takes the session of this runspace into its place' {
        Connect-RsGraph @signIn
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) @place
        (Get-RsContext).TokenCredentialType | Should -Be AccessToken
    }

    It 'knows the clouds of Connect-MgGraph' {
        [System.Enum]::GetNames((Get-Command Connect-RsGraph).Parameters.Environment.ParameterType) |
            Should -Be 'Global', 'USGov', 'USGovDoD', 'China'
    }

    Context 'when it fails' {
        BeforeEach { Connect-RsGraph @signIn }

        AfterEach {
            # The session that was there before stays.
            (Get-RsContext).TenantId | Should -Be $emulator.tenantId
            Revoke-RsUserSession adele@contoso.com -Confirm:$false | ForEach-Object Status | Should -Be Revoked
        }

        It 'shows what Microsoft Entra says of a wrong secret' {
            $wrong = Get-SignIn $emulator -Secret 'wr0ng~s3cret'
            $failure = Get-FailureOf { Connect-RsGraph @wrong }
            $failure.FullyQualifiedErrorId | Should -Be 'AuthenticationFailed,RevokeSession.Commands.ConnectRsGraphCommand'
            $failure.CategoryInfo.Category | Should -Be AuthenticationError
            "$failure" | Should -BeLike '*AADSTS7000215*'
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            ($failure | Format-List * -Force | Out-String) | Should -Not -BeLike '*wr0ng~s3cret*'
        }

        It 'shows what Microsoft Entra says of an unknown <Name>' -ForEach @(
            @{ Name = 'application'; Id = '11111111-1111-1111-1111-111111111111'; Code = 'AADSTS700016' }
            @{ Name = 'tenant'; Tenant = 'nowhere.onmicrosoft.com'; Code = 'AADSTS90002' }
        ) {
            $wrong = Get-SignIn $emulator
            if ($Tenant) { $wrong.TenantId = $Tenant }
            if ($Id) { $wrong.ClientSecretCredential = [pscredential]::new($Id, $wrong.ClientSecretCredential.Password) }
            $failure = Get-FailureOf { Connect-RsGraph @wrong }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
            "$failure" | Should -BeLike "*$Code*"
        }

        It 'refuses plain http to another machine before anything is sent: -<_>' -ForEach GraphEndpoint, AuthorityHost {
            $wrong = Get-SignIn $emulator
            $wrong[$_] = 'http://graph.contoso.com'
            $failure = Get-FailureOf { Connect-RsGraph @wrong }
            $failure.FullyQualifiedErrorId | Should -Be 'InvalidEndpoint,RevokeSession.Commands.ConnectRsGraphCommand'
            $failure.CategoryInfo.Category | Should -Be InvalidArgument
            (Get-Emulator $emulator state).requests.token | Should -Be 1
        }

        It 'says that the authority cannot be reached' {
            $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
            $listener.Start()
            $wrong = Get-SignIn $emulator
            $wrong.AuthorityHost = "http://127.0.0.1:$($listener.LocalEndpoint.Port)"
            $listener.Stop()
            $failure = Get-FailureOf { Connect-RsGraph @wrong }
            Get-ErrorId $failure | Should -BeIn GraphUnreachable, AuthenticationFailed
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }

        It 'does not take a page of HTML for a token' {
            $page = @{ answer = @{ status = 200; headers = @{ 'Content-Type' = 'text/html' }; body = '<html>Sign in to the hotel</html>' } }
            $null = Set-Emulator $emulator faults @{ on = 'token'; times = 20; effect = $page }
            Get-ErrorId (Get-FailureOf { Connect-RsGraph @signIn }) | Should -BeIn AuthenticationFailed, GraphUnreachable
            $null = Invoke-RestMethod "$($emulator.control)/faults" -Method Delete
        }

        It 'does not take an empty token' {
            $failure = Get-FailureOf { Connect-RsGraph -AccessToken ([securestring]::new()) @place }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
        }
    }

    It 'is stopped within a second while the authority does not answer' {
        $shell = New-Shell
        try {
            $null = Set-Emulator $emulator faults @{ on = 'token'; effect = @{ hang_ms = 60000 } }
            $null = $shell.AddCommand('Connect-RsGraph').AddParameters($signIn)
            $running = $shell.BeginInvoke()
            Wait-Until { (Get-Emulator $emulator state).requests.token -gt 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
            (Invoke-Shell $shell Get-RsContext).Output | Should -BeNullOrEmpty
        }
        finally {
            Close-Shell $shell
            Reset-Emulator $emulator
        }
    }
}

Describe 'Connect-RsGraph -<Switch>:$false' -ForEach @(
    'Identity', 'AzureCli', 'EnvironmentVariable', 'UseDeviceCode', 'UseMgGraphSession' | ForEach-Object { @{ Switch = $_ } }
) {
    It 'signs in no other way' {
        $chosen = @{ $Switch = $false }
        $failure = Get-FailureOf { Connect-RsGraph @chosen }
        $failure.FullyQualifiedErrorId | Should -Be 'SignInNotChosen,RevokeSession.Commands.ConnectRsGraphCommand'
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
        "$failure" | Should -BeLike "*-$Switch*"
    }
}

Describe 'What administrators are told' {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'about AADSTS<Code>' -ForEach @(
        @{ Code = 65001; Advice = '*Grant admin consent*User.RevokeSessions.All*' }
        @{ Code = 50076; Advice = '*-UseDeviceCode*' }
        @{ Code = 53003; Advice = '*Conditional Access*' }
        @{ Code = 7000222; Advice = '*new client secret*' }
    ) {
        $null = Set-Emulator $emulator faults @{ on = 'token'; effect = @{ aadsts = @{ code = $Code } } }
        $failure = Get-FailureOf { Connect-RsGraph @signIn }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike "*AADSTS${Code}:*"
        $failure.ErrorDetails.RecommendedAction | Should -BeLike $Advice
    }
}

Describe 'A sign-in that may not revoke' {
    BeforeAll {
        function Connect-With([hashtable] $Grant) {
            Connect-RsGraph @place -AccessToken (ConvertTo-Secret (Set-Emulator $emulator token $Grant).access_token)
        }
    }

    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'is warned of once a session, before anything is sent' {
        Connect-With @{ kind = 'app'; roles = @('User.Read.All') }
        $first = Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue 3>&1
        $first[0] | Should -BeOfType System.Management.Automation.WarningRecord
        "$($first[0])" | Should -BeLike '*User.RevokeSessions.All*User.Read.All*'
        $first[-1].Status | Should -Be Denied
        Revoke-RsUserSession lee@contoso.com -Confirm:$false -ErrorAction SilentlyContinue 3>&1 | ForEach-Object Status | Should -Be Denied
    }

    It 'sends nothing when the warning stops the run' {
        Connect-With @{ kind = 'app'; roles = @('User.Read.All') }
        { Revoke-RsUserSession adele@contoso.com -Confirm:$false -WarningAction Stop } | Should -Throw
        (Get-Emulator $emulator log).path | Should -Not -BeLike '*revokeSignInSessions*'
    }

    It 'is not warned of where it may, or nobody can know' {
        Connect-With @{ kind = 'app' }
        Revoke-RsUserSession adele@contoso.com -Confirm:$false -WarningVariable warnings
        Connect-RsGraph @place -AccessToken (ConvertTo-Secret 'EwBwA8l6BAAU')
        Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue -WarningVariable +warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'is not warned of by -WhatIf' {
        Connect-With @{ kind = 'app'; roles = @('User.Read.All') }
        Revoke-RsUserSession adele@contoso.com -WhatIf 3>&1 | Should -BeNullOrEmpty
    }
}

Describe 'Connect-RsGraph -WriteQuota' {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'holds back what is too much' {
        Connect-RsGraph @signIn -WriteQuota 5 -WriteQuotaSeconds 2
        $results = @(Get-Members 6 | Revoke-RsUserSession -Confirm:$false | Sort-Object Timestamp)
        $results.Status | Sort-Object -Unique | Should -Be Revoked
        ($results[4].Timestamp - $results[0].Timestamp).TotalSeconds | Should -BeLessThan 1.5
        ($results[5].Timestamp - $results[0].Timestamp).TotalSeconds | Should -BeGreaterThan 1.5
    }

    It 'is in the remaining time' {
        $shell = New-Shell
        try {
            $run = Invoke-Shell $shell @'
                $signIn, $users = $args
                Connect-RsGraph @signIn -WriteQuota 20 -WriteQuotaSeconds 2
                $users | Revoke-RsUserSession -Confirm:$false
'@ $signIn, (Get-Members 44)
            $run.Output.Count | Should -Be 44
            $told = @($run.Progress | Where-Object RecordType -EQ Processing)
            # Two more windows begin after the first: that is known before any of it was seen.
            $told[0].SecondsRemaining | Should -BeIn 2, 3, 4
            $told[-1].SecondsRemaining | Should -BeIn 0, 1, 2
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'is not a length of time alone' {
        Get-ErrorId (Get-FailureOf { Connect-RsGraph @signIn -WriteQuotaSeconds 2 }) | Should -Be WriteQuotaMissing
    }
}

Describe 'Runspaces side by side' {
    It 'have different tenants and credentials' {
        $other = Start-Emulator -Users 20 -Arguments --seed, 7
        $certificate = New-Certificate
        Reset-Emulator $emulator
        Register-Certificate $certificate
        $one, $two = (New-Shell), (New-Shell)
        try {
            $line = '$with, $users = $args; Connect-RsGraph @with; Get-RsContext; $users | Revoke-RsUserSession -Confirm:$false'
            $null = $one.AddScript($line).AddArgument($application + @{ Certificate = $certificate }).AddArgument(@('adele@contoso.com', 'lee@contoso.com'))
            $null = $two.AddScript($line).AddArgument((Get-SignIn $other)).AddArgument(@('adele@contoso.com'))
            $running = $one.BeginInvoke(), $two.BeginInvoke()
            $first, $second = $one.EndInvoke($running[0]), $two.EndInvoke($running[1])
            $first[0].TokenCredentialType, $second[0].TokenCredentialType | Should -Be ClientCertificate, ClientSecret
            $first[0].GraphEndpoint | Should -Not -Be $second[0].GraphEndpoint
            @($first[1..2].Status) + $second[1].Status | Sort-Object -Unique | Should -Be Revoked
            (Get-Emulator $emulator state).revocations, (Get-Emulator $other state).revocations | Should -Be 2, 1
        }
        finally {
            Close-Shell $one
            Close-Shell $two
            Stop-Emulator $other
        }
    }
}
