# What the tests of revoking need besides: a tenant of theirs, and helpers. Dot-source it in BeforeAll.

. $PSScriptRoot/common.ps1
$emulator = Start-Emulator -Users 1300
$cast = Get-Emulator $emulator cast
$members = @(Get-Emulator $emulator 'users?kind=member')
$unknownId = '00000000-1111-2222-3333-444444444444'
Connect-Emulator $emulator

# The errors of a run beside its results.
function Invoke-Revocation($InputObject, [hashtable] $Parameters = @{}) {
    $results = @($InputObject | Revoke-RsUserSession -Confirm:$false @Parameters -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
    [pscustomobject]@{ Results = $results; Errors = @($problems) }
}

function Get-State { Get-Emulator $emulator state }

# What the emulator revoked, by principal name.
function Get-Revoked { @((Get-Emulator $emulator revocations).PSObject.Properties.Value.upn) }

function Add-Fault([hashtable] $Rule) { $null = Set-Emulator $emulator faults $Rule }
