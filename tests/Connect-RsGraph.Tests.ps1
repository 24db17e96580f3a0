#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 60 -Arguments --device-interval-seconds, 1
    $signIn = Get-SignIn $emulator
    $token = (Set-Emulator $emulator token @{ kind = 'app' }).access_token
    $place = @{ GraphEndpoint = $emulator.graph; AuthorityHost = $emulator.authority }
    $application = $place + @{ TenantId = $emulator.tenantId; ClientId = $emulator.clientId }
    $standIns = Join-Path $PSScriptRoot standins

    function Get-FailureOf([scriptblock] $Line) {
        try {
            & $Line
        }
        catch {
            return $_
        }
        throw "This did not fail: $Line"
    }

    # That the sign-in is of this kind, and good for what it is for.
    function Assert-SignedIn([string] $As, [string] $User = 'adele@contoso.com') {
        (Get-RsContext).TokenCredentialType | Should -Be $As
        Revoke-RsUserSession $User -Confirm:$false | ForEach-Object Status | Should -Be Revoked
    }

    function Register-Certificate($Certificate) {
        $null = Set-Emulator $emulator certificate @{ pem = $Certificate.ExportCertificatePem() }
    }

    # Users whose sessions the application may revoke.
    function Get-Members([int] $Count) {
        $members = Get-Emulator $emulator users | Where-Object { $_.userType -eq 'Member' -and -not $_.isAdmin }
        @($members | Where-Object userPrincipalName -NE admin@contoso.com | Select-Object -First $Count).userPrincipalName
    }

    # Decides about every device code that will be asked for.
    function Set-DeviceDecision([string] $Action, [string] $Upn = 'admin@contoso.com') {
        $null = Set-Emulator $emulator device @{ action = $Action; upn = $Upn; next = $true }
        # Nobody decides before the code was shown.
        $null = Set-Emulator $emulator faults @{ on = 'token'; times = 1; effect = @{ delay_ms = 200 } }
    }

    # What a claims challenge, or its lack of an answer, comes to.
    function Get-ChallengedResult {
        $null = Set-Emulator $emulator challenge
        $failures = $null
        $result = Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failures
        $result | Add-Member -NotePropertyName Advice -NotePropertyValue $failures.ErrorDetails.RecommendedAction -PassThru
    }

    # An Azure CLI that does as it is told, and the search path that finds it.
    function New-AzureCli([string] $Does, [hashtable] $Grant = @{ kind = 'delegated' }) {
        $folder = (New-Item (Join-Path $TestDrive "az-$([guid]::NewGuid())") -ItemType Directory).FullName
        Copy-Item (Join-Path $standIns azure-cli az) $folder
        Set-Content (Join-Path $folder does) $Does
        Set-Content (Join-Path $folder tenant) $emulator.tenantId -NoNewline
        Set-Content (Join-Path $folder token) (Set-Emulator $emulator token $Grant).access_token -NoNewline
        [pscustomobject]@{ Folder = $folder; Path = "$folder$([System.IO.Path]::PathSeparator)$env:PATH" }
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

Describe 'Connect-RsGraph by certificate' {
    BeforeAll {
        $certificate = New-Certificate
        $folder = Join-Path $TestDrive certificates
        $null = New-Item $folder -ItemType Directory
        $password = 'pfx~p4ssword'
        $secure = ConvertTo-Secret $password
        [System.IO.File]::WriteAllBytes("$folder/open.pfx", $certificate.Export('Pfx'))
        [System.IO.File]::WriteAllBytes("$folder/locked.pfx", $certificate.Export('Pfx', $password))
        [System.IO.File]::WriteAllBytes("$folder/public.cer", $certificate.Export('Cert'))
        Set-Content "$folder/open.pem" $certificate.ExportCertificatePem(), (Get-PrivateKeyPem $certificate)
        Set-Content "$folder/locked.pem" (Get-PrivateKeyPem $certificate $password), $certificate.ExportCertificatePem()
        Set-Content "$folder/public.pem" $certificate.ExportCertificatePem()
        Copy-Item "$folder/locked.pfx" "$folder/misnamed.pem"
        Copy-Item "$folder/open.pem" "$folder/misnamed.pfx"
        Set-Content "$folder/nonsense.pfx" 'This is no certificate.'
    }

    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
        Register-Certificate $certificate
    }

    It 'signs with the certificate it is given, which may be disposed afterwards' {
        $given = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($certificate)
        Connect-RsGraph @application -Certificate $given *>&1 | Should -BeNullOrEmpty
        $given.Dispose()
        $null = Set-Emulator $emulator expire-tokens
        Assert-SignedIn ClientCertificate
        (Get-Emulator $emulator state).requests.token | Should -Be 2
    }

    It 'leaves the certificate it is given alone' {
        Connect-RsGraph @application -Certificate $certificate
        Disconnect-RsGraph
        $certificate.HasPrivateKey | Should -BeTrue
        Get-PrivateKeyPem $certificate | Should -Not -BeNullOrEmpty
    }

    It 'reads <File>' -ForEach @(
        @{ File = 'open.pfx' }, @{ File = 'locked.pfx'; Locked = $true }, @{ File = 'misnamed.pem'; Locked = $true }
        @{ File = 'open.pem' }, @{ File = 'locked.pem'; Locked = $true }, @{ File = 'misnamed.pfx' }
    ) {
        $unlock = $Locked ? @{ CertificatePassword = $secure } : @{}
        Connect-RsGraph @application -CertificatePath "$folder/$File" @unlock
        Assert-SignedIn ClientCertificate
    }

    It 'finds a file as PowerShell finds it: <_>' -ForEach './open.pem', 'certs:/open.pem' {
        $null = New-PSDrive certs FileSystem $folder
        Push-Location $folder
        try {
            Connect-RsGraph @application -CertificatePath $_
        }
        finally {
            Pop-Location
            Remove-PSDrive certs
        }
        Assert-SignedIn ClientCertificate
    }

    Context 'in a store' {
        BeforeAll {
            $stored = @(
                $certificate
                New-Certificate 'CN=RevokeSession twins, O=Contoso' -ToDay 30
                New-Certificate 'CN=RevokeSession twins, O=Contoso' -ToDay 60
                New-Certificate 'CN=RevokeSession twins, O=Contoso' -ToDay -1
            )
            $public = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new((New-Certificate 'CN=RevokeSession twins, O=Contoso' -ToDay 900).Export('Cert'))
            $store = [System.Security.Cryptography.X509Certificates.X509Store]::new('My', 'CurrentUser')
            $store.Open('ReadWrite')
            foreach ($each in $stored) {
                $store.Add([System.Security.Cryptography.X509Certificates.X509Certificate2]::new($each.Export('Pfx'), '', 'PersistKeySet'))
            }
            $store.Add($public)
        }

        AfterAll {
            $stored + $public | ForEach-Object { $store.Remove($_) }
            $store.Dispose()
        }

        It 'finds it by thumbprint, as people paste it' {
            $pasted = ($certificate.Thumbprint.ToLowerInvariant() -replace '..', '$& ').Trim()
            Connect-RsGraph @application -CertificateThumbprint $pasted
            Assert-SignedIn ClientCertificate
        }

        It 'finds it by subject name: <_>' -ForEach 'CN=RevokeSession twins, O=Contoso', 'cn=revokesession twins,o=contoso', 'RevokeSession twins' {
            # Of several the last to end, of those that are valid and can sign.
            Register-Certificate $stored[2]
            Connect-RsGraph @application -CertificateSubjectName $_
            Assert-SignedIn ClientCertificate
        }

        It 'says what cannot be found: <Name>' -ForEach @(
            @{ Name = 'thumbprint'; Given = @{ CertificateThumbprint = '00112233445566778899AABBCCDDEEFF00112233' } }
            @{ Name = 'subject name'; Given = @{ CertificateSubjectName = 'CN=Nobody' } }
        ) {
            $failure = Get-FailureOf { Connect-RsGraph @application @Given }
            $failure.FullyQualifiedErrorId | Should -Be 'CertificateNotFound,RevokeSession.Commands.ConnectRsGraphCommand'
            $failure.CategoryInfo.Category | Should -Be ObjectNotFound
            "$failure" | Should -BeLike "*$($Given.Values)*CurrentUser\My*"
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    It 'shows what Microsoft Entra says of a certificate it does not know' {
        Register-Certificate (New-Certificate)
        $failure = Get-FailureOf { Connect-RsGraph @application -Certificate $certificate }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike '*AADSTS700027*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Upload its public part*'
    }

    It 'sends nothing signed by a certificate that is <Name>' -ForEach @(
        @{ Name = 'expired'; Days = @{ FromDay = -9; ToDay = -2 }; Message = '*expired on*' }
        @{ Name = 'not yet valid'; Days = @{ FromDay = 2; ToDay = 9 }; Message = '*not valid before*' }
    ) {
        $failure = Get-FailureOf { Connect-RsGraph @application -Certificate (New-Certificate @Days) }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike $Message
        (Get-Emulator $emulator state).requests.token | Should -Be 0
    }

    It 'says why a certificate cannot be used: <Name>' -ForEach @(
        @{ Name = 'elliptic curve'; Make = { @{ Certificate = New-Certificate -Ec } }; Message = '*no RSA key*' }
        @{ Name = 'without a key'; Make = { @{ CertificatePath = "$folder/public.cer" } }; Message = '*no private key*' }
        @{ Name = 'PEM without a key'; Make = { @{ CertificatePath = "$folder/public.pem" } }; Message = '*no private key*' }
        @{ Name = 'wrong password'; Make = { @{ CertificatePath = "$folder/locked.pfx"; CertificatePassword = ConvertTo-Secret 'wr0ng' } }; Message = '*locked.pfx*password*' }
        @{ Name = 'wrong password of a PEM'; Make = { @{ CertificatePath = "$folder/locked.pem"; CertificatePassword = ConvertTo-Secret 'wr0ng' } }; Message = '*locked.pem*' }
        @{ Name = 'no password'; Make = { @{ CertificatePath = "$folder/locked.pem" } }; Message = '*locked.pem*encrypted*' }
        @{ Name = 'nonsense'; Make = { @{ CertificatePath = "$folder/nonsense.pfx" } }; Message = '*nonsense.pfx*' }
        @{ Name = 'a folder'; Make = { @{ CertificatePath = $folder } }; Message = "*certificates*" }
    ) {
        $given = & $Make
        $failure = Get-FailureOf { Connect-RsGraph @application @given }
        $failure.FullyQualifiedErrorId | Should -Be 'CertificateUnusable,RevokeSession.Commands.ConnectRsGraphCommand'
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
        "$failure" | Should -BeLike $Message
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        ($failure | Format-List * -Force | Out-String).Contains('wr0ng') | Should -BeFalse
        (Get-Emulator $emulator state).requests.token | Should -Be 0
    }

    It 'says that there is no such file' {
        $failure = Get-FailureOf { Connect-RsGraph @application -CertificatePath "$folder/gone.pfx" }
        $failure.FullyQualifiedErrorId | Should -Be 'CertificateNotFound,RevokeSession.Commands.ConnectRsGraphCommand'
        "$failure" | Should -BeLike '*gone.pfx*'
    }
}

Describe 'Connect-RsGraph -Identity' {
    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
    }

    It 'signs in as the machine, past the proxy' {
        Use-Environment @{ AZURE_POD_IDENTITY_AUTHORITY_HOST = $emulator.imds; HTTPS_PROXY = 'http://127.0.0.1:9' } {
            Connect-RsGraph -Identity -GraphEndpoint $emulator.graph *>&1 | Should -BeNullOrEmpty
        }
        (Get-RsContext).AuthType | Should -Be AppOnly
        Assert-SignedIn ManagedIdentity
        (Get-Emulator $emulator state).requests.token | Should -Be 0
    }

    It 'signs in as an identity of the user''s choice' {
        Use-Environment @{ AZURE_POD_IDENTITY_AUTHORITY_HOST = $emulator.imds } {
            Connect-RsGraph -Identity -ClientId $emulator.managedIdentityClientId @place
        }
        (Get-RsContext).ClientId | Should -Be $emulator.managedIdentityClientId
        Assert-SignedIn ManagedIdentity
    }

    It 'says that there is no such identity' {
        Use-Environment @{ AZURE_POD_IDENTITY_AUTHORITY_HOST = $emulator.imds } {
            $failure = Get-FailureOf { Connect-RsGraph -Identity -ClientId 11111111-1111-1111-1111-111111111111 @place }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
            "$failure" | Should -BeLike '*requested identity has not been assigned*'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-ClientId*'
        }
    }

    It 'says that this is no machine of Azure' {
        Use-Environment @{ AZURE_POD_IDENTITY_AUTHORITY_HOST = 'http://127.0.0.1:9' } {
            $failure = Get-FailureOf { Connect-RsGraph -Identity @place }
            Get-ErrorId $failure | Should -Be AuthenticationFailed
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*managed identity assigned*'
        }
    }

    It 'signs in on App Service' {
        Invoke-Pwsh @"
            Import-Module '$env:REVOKESESSION_MODULE'
            Connect-RsGraph -Identity -GraphEndpoint $($emulator.graph) -AuthorityHost $($emulator.authority)
            (Get-RsContext).TokenCredentialType
            (Revoke-RsUserSession adele@contoso.com -Confirm:`$false).Status
"@ @{ IDENTITY_ENDPOINT = $emulator.identityEndpoint; IDENTITY_HEADER = $emulator.identityHeader } |
            Should -Be "ManagedIdentity$([System.Environment]::NewLine)Revoked"
    }
}

Describe 'Connect-RsGraph -FederatedTokenFile' {
    BeforeAll {
        $file = Join-Path $TestDrive federated.jwt
        function Set-FederatedToken([hashtable] $Claims = @{}) {
            $federated = (Set-Emulator $emulator federated-token $Claims).token
            Set-Content $file $federated -NoNewline
            $federated
        }
    }

    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
        $null = Set-FederatedToken
    }

    It 'signs in with another issuer''s token, and reads it anew when it is rotated' {
        Push-Location $TestDrive
        try { Connect-RsGraph @application -FederatedTokenFile ./federated.jwt *>&1 | Should -BeNullOrEmpty }
        finally { Pop-Location }
        Assert-SignedIn WorkloadIdentity
        $null = Set-FederatedToken @{ lifetimeSeconds = -600 }
        $null = Set-Emulator $emulator expire-tokens
        (Revoke-RsUserSession adele@contoso.com -Confirm:$false -ErrorAction SilentlyContinue).Message | Should -BeLike '*AADSTS700024*'
        $null = Set-FederatedToken
        Assert-SignedIn WorkloadIdentity
    }

    It 'shows what Microsoft Entra says of somebody else''s token' {
        $null = Set-FederatedToken @{ subject = 'system:serviceaccount:default:somebody-else' }
        $failure = Get-FailureOf { Connect-RsGraph @application -FederatedTokenFile $file }
        "$failure" | Should -BeLike '*AADSTS70021*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*issuer, subject and audience*'
    }

    It 'says that there is no such file' {
        $failure = Get-FailureOf { Connect-RsGraph @application -FederatedTokenFile (Join-Path $TestDrive gone.jwt) }
        Get-ErrorId $failure | Should -Be AuthenticationFailed
        "$failure" | Should -BeLike '*gone.jwt*'
    }
}

Describe 'Connect-RsGraph -EnvironmentVariable' {
    BeforeAll {
        $certificate = New-Certificate
        $file = Join-Path $TestDrive environment.pfx
        [System.IO.File]::WriteAllBytes($file, $certificate.Export('Pfx', 'env~p4ssword'))
        $jwt = Join-Path $TestDrive environment.jwt
        $none = @{
            AZURE_TENANT_ID = $null; AZURE_CLIENT_ID = $null; AZURE_CLIENT_SECRET = $null; AZURE_AUTHORITY_HOST = $null
            AZURE_CLIENT_CERTIFICATE_PATH = $null; AZURE_CLIENT_CERTIFICATE_PASSWORD = $null; AZURE_FEDERATED_TOKEN_FILE = $null
        }
        function Get-Variables([hashtable] $Variables) {
            $all = $none.Clone()
            $all.AZURE_TENANT_ID = $emulator.tenantId
            $all.AZURE_CLIENT_ID = $emulator.clientId
            foreach ($name in $Variables.Keys) { $all[$name] = $Variables[$name] }
            $all
        }
    }

    BeforeEach {
        Disconnect-RsGraph
        Reset-Emulator $emulator
        Register-Certificate $certificate
        Set-Content $jwt (Set-Emulator $emulator federated-token).token -NoNewline
    }

    It 'takes <Type>' -ForEach @(
        @{ Type = 'ClientSecret'; Variables = { @{ AZURE_CLIENT_SECRET = $emulator.clientSecret; AZURE_FEDERATED_TOKEN_FILE = 'gone' } } }
        @{ Type = 'ClientCertificate'; Variables = { @{ AZURE_CLIENT_CERTIFICATE_PATH = $file; AZURE_CLIENT_CERTIFICATE_PASSWORD = 'env~p4ssword'; AZURE_FEDERATED_TOKEN_FILE = 'gone' } } }
        @{ Type = 'WorkloadIdentity'; Variables = { @{ AZURE_FEDERATED_TOKEN_FILE = $jwt } } }
    ) {
        Use-Environment (Get-Variables (& $Variables)) {
            Connect-RsGraph -EnvironmentVariable @place *>&1 | Should -BeNullOrEmpty
        }
        Assert-SignedIn $Type
    }

    It 'names what is missing: <Missing>' -ForEach @(
        @{ Missing = 'AZURE_TENANT_ID' }, @{ Missing = 'AZURE_CLIENT_ID' }
        @{ Missing = 'AZURE_CLIENT_SECRET' }
    ) {
        $variables = Get-Variables @{ AZURE_CLIENT_SECRET = $emulator.clientSecret }
        $variables[$Missing] = $null
        Use-Environment $variables {
            $failure = Get-FailureOf { Connect-RsGraph -EnvironmentVariable @place }
            $failure.FullyQualifiedErrorId | Should -Be 'EnvironmentVariableMissing,RevokeSession.Commands.ConnectRsGraphCommand'
            $failure.CategoryInfo.Category | Should -Be InvalidArgument
            "$failure" | Should -BeLike "*$Missing*"
            ($Missing -eq 'AZURE_TENANT_ID') -or "$failure" -notlike '*AZURE_TENANT_ID*' | Should -BeTrue
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*AZURE_TENANT_ID*'
        }
    }

    It 'is not sent elsewhere by a variable' {
        # Whoever may set a variable could have the secret otherwise.
        $thief = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $thief.Start()
        try {
            $variables = Get-Variables @{ AZURE_CLIENT_SECRET = $emulator.clientSecret; AZURE_AUTHORITY_HOST = "http://127.0.0.1:$($thief.LocalEndpoint.Port)" }
            Use-Environment $variables { Connect-RsGraph -EnvironmentVariable @place }
            $thief.Pending() | Should -BeFalse
            Assert-SignedIn ClientSecret
            # Nor where nothing else says where to go: the cloud's own authority it is.
            $variables.HTTPS_PROXY = 'http://127.0.0.1:9'
            Use-Environment $variables {
                "$(Get-FailureOf { Connect-RsGraph -EnvironmentVariable })" | Should -BeLike '*cannot be reached*'
            }
            $thief.Pending() | Should -BeFalse
        }
        finally {
            $thief.Stop()
        }
    }
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
