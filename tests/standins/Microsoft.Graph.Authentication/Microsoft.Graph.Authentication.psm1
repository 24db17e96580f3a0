# What Connect-RsGraph -UseMgGraphSession needs of the real module, with its parameters and its talkativeness.
# Signing in itself is short-circuited: the token comes from the emulator.

$session = $null
$environments = @{}
foreach ($known in @(
        @('Global', 'https://graph.microsoft.com', 'https://login.microsoftonline.com')
        @('USGov', 'https://graph.microsoft.us', 'https://login.microsoftonline.us')
        @('USGovDoD', 'https://dod-graph.microsoft.us', 'https://login.microsoftonline.us')
        @('China', 'https://microsoftgraph.chinacloudapi.cn', 'https://login.chinacloudapi.cn')
    )) {
    $environments[$known[0]] = [pscustomobject]@{ Name = $known[0]; GraphEndpoint = $known[1]; AzureADEndpoint = $known[2]; Type = 'Built-in' }
}

function New-Token {
    $body = ConvertTo-Json $script:session.Grant -Compress
    (Invoke-RestMethod "$($script:session.Emulator.control)/token" -Method Post -Body $body -ContentType 'application/json').access_token
}

# Signs in to an emulator as `Grant` says. With -Renew a request brings a new token, as if the old one had run out.
function Connect-MgGraph {
    [CmdletBinding()]
    param ($Emulator, [hashtable] $Grant = @{ kind = 'delegated' }, [switch] $Renew)
    $script:session = @{ Emulator = $Emulator; Grant = $Grant; Renew = $Renew }
    $script:session.Token = New-Token
    $script:environments.Emulator = [pscustomobject]@{
        Name = 'Emulator'; GraphEndpoint = $Emulator.graph; AzureADEndpoint = $Emulator.authority; Type = 'User-defined'
    }
}

function Disconnect-MgGraph {
    [CmdletBinding()] param ()
    $script:session = $null
}

function Get-MgContext {
    [CmdletBinding()] param ()
    if (-not $script:session) { return }
    $delegated = $script:session.Grant.kind -eq 'delegated'
    [pscustomobject]@{
        ClientId            = '14d82eec-204b-4c2f-b7e8-296a70dab67e'
        TenantId            = $script:session.Emulator.tenantId
        Scopes              = [string[]]($delegated ? @('User.Read', 'User.RevokeSessions.All') : @('User.RevokeSessions.All'))
        AuthType            = $delegated ? 'Delegated' : 'AppOnly'
        TokenCredentialType = $delegated ? 'InteractiveBrowser' : 'ClientSecret'
        Account             = $delegated ? ($script:session.Grant.upn ?? 'admin@contoso.com') : $null
        AppName             = 'Microsoft Graph Command Line Tools'
        ContextScope        = 'CurrentUser'
        Environment         = 'Emulator'
    }
}

function Get-MgEnvironment {
    [CmdletBinding()] param ([string] $Name)
    if (-not $Name) { return $script:environments.Values }
    $script:environments[$Name]
}

function Invoke-MgGraphRequest {
    [CmdletBinding()]
    param ([string] $Method = 'GET', [Parameter(Mandatory)] [uri] $Uri, [string] $OutputType = 'HashTable', [switch] $SkipHttpErrorCheck)
    if (-not $script:session) { throw 'Authentication needed. Please call Connect-MgGraph.' }
    if ($script:session.Broken) { throw 'An error occurred while sending the request.' }
    if ($script:session.Slow) { $script:session.Slow.Set(); Start-Sleep -Seconds 60 }
    if ($script:session.Renew) { $script:session.Token = New-Token }
    $request = [System.Net.Http.HttpRequestMessage]::new($Method, [uri]::new([uri]$script:session.Emulator.graph, $Uri))
    $request.Headers.Authorization = [System.Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $script:session.Token)
    Write-Verbose "$Method $Uri with $($script:session.Token)"
    Write-Debug "Authorization: Bearer $($script:session.Token)"
    Write-Information "Sent with $($script:session.Token)"
    Write-Warning "Sent with $($script:session.Token)"
    Write-Host "Sent with $($script:session.Token)"
    Write-Progress -Activity $script:session.Token
    $client = [System.Net.Http.HttpClient]::new()
    try {
        $response = $client.Send($request)
    }
    finally {
        $client.Dispose()
    }
    if (-not $SkipHttpErrorCheck) { $null = $response.EnsureSuccessStatusCode() }
    if ($OutputType -ne 'HttpResponseMessage') { throw "This stand-in does not know -OutputType $OutputType" }
    $response
}
