using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace RevokeSession.Bench;

/// <summary>What is sent to <c>$batch</c>.</summary>
internal sealed record BatchRequest(IReadOnlyList<Step> Requests);

/// <summary>One revocation in a batch.</summary>
internal sealed record Step(string Id, string Method, string Url, EmptyBody Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>A body with nothing in it, which a step must have all the same.</summary>
internal sealed record EmptyBody;

/// <summary>What <c>$batch</c> answers.</summary>
internal sealed record BatchResponse(IReadOnlyList<StepResponse> Responses);

/// <summary>The answer to one step.</summary>
internal sealed record StepResponse(string Id, int Status, RevokeAnswer? Body);

/// <summary>The answer to a revocation.</summary>
internal sealed record RevokeAnswer(bool Value);

/// <summary>The emulator's answer to a request for a token.</summary>
internal sealed record TokenAnswer([property: JsonPropertyName("access_token")] string AccessToken);

/// <summary>All that was measured.</summary>
internal sealed record Report(IReadOnlyList<Round> Rounds, long PeakKib, string Runtime);

/// <summary>One run over the users.</summary>
internal sealed record Round(double Seconds, double CpuSeconds, int Revoked, int Other);

/// <summary>Serializers made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchResponse))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(Report))]
internal sealed partial class Messages : JsonSerializerContext;
