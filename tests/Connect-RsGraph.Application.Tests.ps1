#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/sign-in.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
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
