using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Net.Http;

namespace RevokeSession;

/// <summary>
/// The session of <c>Connect-MgGraph</c> in this runspace, which lends its token and renews it by itself. It is
/// reached by the commands of its module only, which need not be installed, and on the pipeline thread only.
/// </summary>
internal sealed class MgGraphSession
{
    // It answers every kind of token, with an error at worst, and tells the token that it was asked with.
    private const string AnyRequest = "v1.0/me?$select=id";

    private MgGraphSession(MgGraphIdentity identity, IReadOnlyList<string> scopes, SignInPlace place)
    {
        Identity = identity;
        Scopes = scopes;
        Place = place;
    }

    /// <summary>Whose session it is.</summary>
    public MgGraphIdentity Identity { get; }

    /// <summary>Its delegated permissions.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary>Where it is signed in.</summary>
    public SignInPlace Place { get; }

    /// <summary>The session as it is now.</summary>
    /// <exception cref="SignInException">There is none, or not even its module.</exception>
    public static MgGraphSession Find()
    {
        PSObject context = Context();
        MgGraphIdentity identity = MgGraphIdentity.Of(context);
        return new MgGraphSession(identity, Texts(context, "Scopes"), PlaceOf(identity.Environment));
    }

    /// <summary>The token as it is now.</summary>
    /// <exception cref="SignInException">There is none any more.</exception>
    public SecretBytes Lend()
    {
        // The run would go on in somebody else's name, and perhaps in somebody else's tenant.
        if (MgGraphIdentity.Of(Context()) != Identity)
        {
            throw SignInErrors.MgGraphSessionUnusable("Connect-MgGraph has signed in as somebody else since");
        }
        using HttpResponseMessage? response = MgGraphCommand
            .Run("Invoke-MgGraphRequest", ("Method", "GET"), ("Uri", AnyRequest), ("OutputType", "HttpResponseMessage"), ("SkipHttpErrorCheck", true))
            .Select(answer => answer.BaseObject)
            .OfType<HttpResponseMessage>()
            .FirstOrDefault();
        return response?.RequestMessage?.Headers.Authorization?.Parameter is { Length: > 0 } token
            ? SecretBytes.From(token)
            : throw SignInErrors.MgGraphSessionUnusable("it sent a request without an access token");
    }

    private static PSObject Context() =>
        MgGraphCommand.Run("Get-MgContext").FirstOrDefault() ?? throw SignInErrors.MgGraphSessionMissing();

    private static SignInPlace PlaceOf(string? environment)
    {
        // The clouds of both modules have the same names.
        if (Enum.TryParse(environment, ignoreCase: true, out GraphEnvironment known) && Enum.IsDefined(known))
        {
            return new SignInPlace(known, null, null);
        }
        PSObject custom = MgGraphCommand.Run("Get-MgEnvironment", ("Name", environment)).FirstOrDefault()
            ?? throw SignInErrors.MgGraphSessionUnusable($"there is no environment '{environment}'");
        return new SignInPlace(GraphEnvironment.Global, Text(custom, "GraphEndpoint"), Text(custom, "AzureADEndpoint"));
    }

    private static string? Text(PSObject source, string property) => source.Properties[property]?.Value?.ToString();

    private static string[] Texts(PSObject source, string property) =>
        LanguagePrimitives.TryConvertTo(source.Properties[property]?.Value, out string[] texts) ? texts ?? [] : [];
}
