<#
.SYNOPSIS
One user from a warm prompt, and beside it the same request by HttpClient in the same process. Prints as JSON how
long each took, time by time.
#>
[CmdletBinding()]
param (
    [Parameter(Mandatory)] [string] $Users,
    [Parameter(Mandatory)] [int] $Take,
    [int] $WarmUp = 20
)

. "$PSScriptRoot/connect.ps1"
$ids = [string[]]([System.IO.File]::ReadLines($Users) | Select-Object -First ($Take + $WarmUp))
$token = (Invoke-RestMethod -Method Post -Uri "$env:BENCH_CONTROL/token").access_token
$client = [System.Net.Http.HttpClient]::new()
$client.DefaultRequestHeaders.Authorization = [System.Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $token)

$cmdlet, $bare, $refused = @(), @(), 0
foreach ($id in $ids) {
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $result = Revoke-RsUserSession $id -Confirm:$false
    $cmdlet += $watch.Elapsed.TotalMilliseconds

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $response = $client.PostAsync("$env:BENCH_GRAPH/v1.0/users/$id/revokeSignInSessions", $null).GetAwaiter().GetResult()
    $null = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult()
    $bare += $watch.Elapsed.TotalMilliseconds

    if ($result.Status -ne 'Revoked' -or -not $response.IsSuccessStatusCode) { $refused++ }
    $response.Dispose()
}
@{
    cmdlet = @($cmdlet | Select-Object -Skip $WarmUp)
    bare = @($bare | Select-Object -Skip $WarmUp)
    refused = $refused
} | ConvertTo-Json -Compress
