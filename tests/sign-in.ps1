# What the tests of signing in need besides: an emulator of theirs, and helpers. Dot-source it in BeforeAll.

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
