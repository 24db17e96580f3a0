#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/sign-in.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'A claims challenge' {
    BeforeAll {
        $certificate = New-Certificate
        $file = Join-Path $TestDrive challenged.jwt
        Import-Module (Join-Path $standIns Microsoft.Graph.Authentication)
        $capable = @{ kind = 'delegated'; capabilities = @('cp1') }
    }

    AfterAll { Remove-Module Microsoft.Graph.Authentication }

    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'is answered by <Way>' -ForEach @(
        @{ Way = 'client secret'; Connect = { Connect-RsGraph @signIn } }
        @{ Way = 'certificate'; Connect = { Register-Certificate $certificate; Connect-RsGraph @application -Certificate $certificate } }
        @{ Way = 'federated token'; Connect = {
                Set-Content $file (Set-Emulator $emulator federated-token).token -NoNewline
                Connect-RsGraph @application -FederatedTokenFile $file
            }
        }
        @{ Way = 'device code'; Connect = { Set-DeviceDecision approve; Connect-RsGraph -UseDeviceCode @place 6>&1 | Out-Null } }
    ) {
        & $Connect
        (Get-ChallengedResult).Status | Should -Be Revoked
    }

    It 'is reported with what to do by <Way>' -ForEach @(
        @{ Way = 'access token'; Advice = '*new access token*'; Connect = {
                Connect-RsGraph @place -AccessToken (ConvertTo-Secret (Set-Emulator $emulator token $capable).access_token)
            }
        }
        @{ Way = 'Azure CLI'; Advice = '*az login*'; Connect = {
                Use-Environment @{ PATH = (New-AzureCli sign-in $capable).Path } { Connect-RsGraph -AzureCli @place }
            }
        }
        @{ Way = 'Mg session'; Advice = '*Connect-MgGraph*'; Connect = { Connect-MgGraph $emulator $capable; Connect-RsGraph -UseMgGraphSession } }
    ) {
        & $Connect
        $result = Get-ChallengedResult
        $result.Status | Should -Be Failed
        $result.ErrorCode | Should -Be AuthenticationFailed
        $result.Message | Should -BeLike '*Continuous Access Evaluation*'
        $result.Advice | Should -BeLike $Advice
    }

    It 'is reported with what to do by managed identity' {
        Use-Environment @{ AZURE_POD_IDENTITY_AUTHORITY_HOST = $emulator.imds } { Connect-RsGraph -Identity @place }
        $claims = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes('{"access_token":{"nbf":{"essential":true,"value":"1"}}}'))
        $header = @{ 'WWW-Authenticate' = "Bearer realm=`"`", error=`"insufficient_claims`", claims=`"$claims`"" }
        $body = @{ error = @{ code = 'InvalidAuthenticationToken'; message = 'Continuous access evaluation resulted in challenge.' } }
        $null = Set-Emulator $emulator faults @{ on = 'revoke'; effect = @{ answer = @{ status = 401; headers = $header; body = $body } } }
        $result = Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failures
        $result.Message | Should -BeLike '*managed identity cannot answer*'
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*sign-in logs of the managed identity*'
    }
}

Describe 'The way there' {
    BeforeAll {
        $ca = Join-Path $TestDrive ca.pem
        $secure = Start-Emulator -Users 20 -Arguments --tls-ca, $ca, --proxy-credential, 'operator:pr0xy~p4ss'
        $opened = Start-Emulator -Users 20 -Arguments --tls-ca, (Join-Path $TestDrive other-ca.pem)

        # Runs lines in a PowerShell that knows how to sign in by secret, and gives what they gave.
        function Invoke-SignedIn([string] $Lines, $Emulator, [hashtable] $Environment) {
            Invoke-Pwsh @"
                Import-Module '$env:REVOKESESSION_MODULE'
                Remove-Item Env:*_PROXY, Env:*_proxy
                `$secret = ConvertTo-SecureString '$($Emulator.clientSecret)' -AsPlainText -Force
                `$signIn = @{ TenantId = '$($Emulator.tenantId)'; ClientSecretCredential = [pscredential]::new('$($Emulator.clientId)', `$secret) }
                `$place = @{ GraphEndpoint = '$($Emulator.graph)'; AuthorityHost = '$($Emulator.authority)' }
                function Get-Outcome([hashtable] `$With) {
                    try {
                        Connect-RsGraph @With
                        [string](Revoke-RsUserSession adele@contoso.com -Confirm:`$false).Status
                    }
                    catch { "`$_ `$(`$_.ErrorDetails.RecommendedAction)" }
                }
                & { $Lines } | ConvertTo-Json -AsArray
"@ $Environment | ConvertFrom-Json
        }
    }

    AfterAll {
        Stop-Emulator $secure
        Stop-Emulator $opened
    }

    It 'is TLS with an authority that the machine trusts' {
        Invoke-SignedIn 'Get-Outcome ($signIn + $place)' $secure @{ SSL_CERT_FILE = $ca } | Should -Be Revoked
    }

    It 'is refused with advice where the authority is not trusted' {
        $signIn = Get-SignIn $secure
        $failure = Get-FailureOf { Connect-RsGraph @signIn }
        Get-ErrorId $failure | Should -Be GraphUnreachable
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*certificate is not trusted*'
    }

    It 'leads in each cloud to its own authority and Graph' {
        $trust = @{ SSL_CERT_FILE = Join-Path $TestDrive other-ca.pem }
        $lines = "'Global', 'USGov', 'USGovDoD', 'China' | ForEach-Object { Get-Outcome (`$signIn + @{ Environment = `$_; Proxy = '$($opened.proxy)' }) }"
        Invoke-SignedIn $lines $opened $trust | Should -Be Revoked, Revoked, Revoked, Revoked
        $log = @(Get-Emulator $opened log | Where-Object method -EQ POST)
        $log.host | Should -Be @(
            'login.microsoftonline.com', 'graph.microsoft.com'
            'login.microsoftonline.us', 'graph.microsoft.us'
            'login.microsoftonline.us', 'dod-graph.microsoft.us'
            'login.chinacloudapi.cn', 'microsoftgraph.chinacloudapi.cn'
        )
        (Get-Emulator $opened log | Where-Object method -EQ CONNECT).Count | Should -BeGreaterThan 0
    }

    It 'is through the proxy that $env: names, and past it where $env: says so' {
        $outcomes = Invoke-SignedIn @"
            `$place = @{ GraphEndpoint = 'https://graph.contoso.test'; AuthorityHost = 'https://login.contoso.test' }
            `$env:HTTPS_PROXY = '$($opened.proxy)'
            Get-Outcome (`$signIn + `$place)
            `$env:NO_PROXY = 'elsewhere.example,.contoso.test'
            Get-Outcome (`$signIn + `$place)
"@ $opened @{ SSL_CERT_FILE = Join-Path $TestDrive other-ca.pem }
        $outcomes[0] | Should -Be Revoked
        # Nobody else knows these names.
        $outcomes[1] | Should -BeLike '*cannot be reached*dns*'
    }

    It 'is through a proxy that asks for a password, and never shows it' {
        $proxy = [uri]$secure.proxy
        $outcomes = Invoke-SignedIn @"
            Get-Outcome (`$signIn + @{ Proxy = 'http://operator:pr0xy~p4ss@$($proxy.Authority)' })
            Get-Outcome (`$signIn + @{ Proxy = 'http://operator:wr0ng@$($proxy.Authority)' })
"@ $secure @{ SSL_CERT_FILE = $ca }
        $outcomes[0] | Should -Be Revoked
        $outcomes[1] | Should -BeLike '*proxy authorization required*'
        $outcomes[1] | Should -Not -BeLike '*wr0ng*'
    }

    It 'does not show the password of a proxy that is no proxy' {
        $failure = Get-FailureOf { Connect-RsGraph @signIn -Proxy 'ftp://operator:pr0xy~p4ss@127.0.0.1' }
        Get-ErrorId $failure | Should -Be InvalidEndpoint
        ($failure.Exception, $failure.ErrorDetails | Format-List * -Force | Out-String).Contains('pr0xy~p4ss') | Should -BeFalse
    }
}

Describe 'Secrets' {
    BeforeAll {
        Import-Module (Join-Path $standIns Microsoft.Graph.Authentication)
        $certificate = New-Certificate
        $file = Join-Path $TestDrive secret.pem
        Set-Content $file (Get-PrivateKeyPem $certificate 'pem~p4ssword'), $certificate.ExportCertificatePem()
        $jwt = Join-Path $TestDrive secret.jwt
        $federated = (Set-Emulator $emulator federated-token).token
        Set-Content $jwt $federated -NoNewline
        Reset-Emulator $emulator
        Register-Certificate $certificate
        Connect-MgGraph $emulator -Renew
    }

    AfterAll {
        Disconnect-MgGraph
        Remove-Module Microsoft.Graph.Authentication
    }

    It 'are in no stream, object, error or transcript' {
        $Error.Clear()
        $given = (Set-Emulator $emulator token @{ kind = 'app' }).access_token
        $cli = New-AzureCli sign-in
        $variables = @{
            AZURE_TENANT_ID = $emulator.tenantId; AZURE_CLIENT_ID = $emulator.clientId
            AZURE_CLIENT_CERTIFICATE_PATH = $file; AZURE_CLIENT_CERTIFICATE_PASSWORD = 'pem~p4ssword'
            PATH = $cli.Path; AZURE_POD_IDENTITY_AUTHORITY_HOST = $emulator.imds
        }
        # A line that was typed is in its error record, so none of them holds a secret itself.
        $known = 'pem~p4ssword', 'wr0ng~p4ssword', 'wr0ng~s3cret', 'pr0xy~p4ss'
        $right, $wrong = $known[0..1] | ForEach-Object { ConvertTo-Secret $_ }
        $wrongSignIn = Get-SignIn $emulator -Secret $known[2]
        $proxies = "ftp://operator:$($known[3])@127.0.0.1", "http://operator:$($known[3])@127.0.0.1:9"
        $ways = @(
            { Connect-RsGraph @signIn -Verbose -Debug }
            { Connect-RsGraph @application -CertificatePath $file -CertificatePassword $right -Verbose -Debug }
            { Connect-RsGraph @application -CertificatePath $file -CertificatePassword $wrong -Verbose -Debug }
            { Connect-RsGraph @application -Certificate $certificate -Verbose -Debug }
            { Connect-RsGraph @application -FederatedTokenFile $jwt -Verbose -Debug }
            { Connect-RsGraph -Identity @place -Verbose -Debug }
            { Connect-RsGraph -AzureCli @place -Verbose -Debug }
            { Connect-RsGraph -EnvironmentVariable @place -Verbose -Debug }
            { Set-DeviceDecision approve; Connect-RsGraph -UseDeviceCode @place -Verbose -Debug }
            { Connect-RsGraph -UseMgGraphSession -Verbose -Debug }
            { Connect-RsGraph -AccessToken (ConvertTo-Secret $given) @place -Verbose -Debug }
            { Connect-RsGraph @signIn -Proxy $proxies[0] -Verbose -Debug }
            { Connect-RsGraph @signIn -Proxy $proxies[1] -Verbose -Debug }
            { Connect-RsGraph @wrongSignIn -Verbose -Debug }
        )
        $transcript = Join-Path $TestDrive transcript.txt
        $null = Start-Transcript $transcript
        try {
            $shown = Use-Environment $variables {
                $ErrorActionPreference = $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
                foreach ($way in $ways) {
                    try { & $way } catch { $_; $_.Exception; $_.Exception.InnerException }
                    Get-RsContext -Verbose
                    'adele@contoso.com', 'gone@contoso.com', '../me' | Revoke-RsUserSession -Force -Verbose -Debug
                    $null = Invoke-RestMethod "$($emulator.control)/expire-tokens" -Method Post -Debug:$false -Verbose:$false
                    'adele@contoso.com' | Revoke-RsUserSession -Force -Verbose -Debug
                }
            } *>&1 | ForEach-Object { $_; "$_"; $_ | Format-List * -Force } | Out-String -Width 4096
        }
        finally {
            $null = Stop-Transcript
        }
        $shown += $Error | ForEach-Object { $_ | Format-List * -Force } | Out-String -Width 4096
        $shown += Get-Content $transcript -Raw
        $shown | Should -BeLike '*AADSTS7000215*'
        $shown | Should -BeLike '*enter the code*'
        $shown | Should -BeLike '*TokenCredentialType*MgGraphSession*'
        $key = (Get-PrivateKeyPem $certificate) -split "`n" | Where-Object { $_ -and $_ -notlike '-----*' }
        foreach ($secret in $known + $key + $emulator.clientSecret, $given, $given.Split('.')[2], $federated, $federated.Split('.')[2]) {
            $shown.Contains($secret) | Should -BeFalse -Because "'$secret' is secret"
        }
        # No token of any kind: neither JWT nor what the emulator gives as refresh tokens.
        $shown | Should -Not -BeLike '*eyJ*.eyJ*'
        $shown | Should -Not -BeLike '*1.A[A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-]*'
    }
}
