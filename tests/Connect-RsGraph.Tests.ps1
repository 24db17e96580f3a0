#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 30
    $signIn = Get-SignIn $emulator
    $token = (Set-Emulator $emulator token @{ kind = 'app' }).access_token
    $place = @{ GraphEndpoint = $emulator.graph; AuthorityHost = $emulator.authority }

    function Get-FailureOf([scriptblock] $Line) {
        try {
            & $Line
        }
        catch {
            return $_
        }
        throw "This did not fail: $Line"
    }
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

Describe 'Secrets' {
    It 'are in no stream, object, error or transcript' {
        $transcript = Join-Path $TestDrive transcript.txt
        $null = Start-Transcript $transcript
        try {
            $shown = & {
                $ErrorActionPreference = $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
                $wrong = Get-SignIn $emulator -Secret 'wr0ng~s3cret'
                try { Connect-RsGraph @wrong -Verbose -Debug } catch { $_; $_.Exception; $_.Exception.InnerException }
                Connect-RsGraph @signIn -Verbose -Debug
                Get-RsContext -Verbose
                'adele@contoso.com', 'gone@contoso.com', '../me' | Revoke-RsUserSession -Force -Verbose -Debug
                Connect-RsGraph -AccessToken (ConvertTo-Secret $token) @place -Verbose -Debug
                Get-RsContext
                $null = Set-Emulator $emulator expire-tokens
                'adele@contoso.com' | Revoke-RsUserSession -Force -Verbose -Debug
            } *>&1 | ForEach-Object { $_; "$_"; $_ | Format-List * -Force } | Out-String -Width 4096
        }
        finally {
            $null = Stop-Transcript
        }
        $shown += $Error | ForEach-Object { $_ | Format-List * -Force } | Out-String -Width 4096
        $shown += Get-Content $transcript -Raw
        $shown | Should -BeLike '*AADSTS7000215*'
        foreach ($secret in 'wr0ng~s3cret', $emulator.clientSecret, $token, $token.Split('.')[2]) {
            $shown.Contains($secret) | Should -BeFalse
        }
        $shown | Should -Not -BeLike '*eyJ*.eyJ*'
    }
}
