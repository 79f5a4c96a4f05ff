using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>The mask for what is sent to providers and for what they return, as the settings want it.</summary>
public sealed class SecretMask(PluePaths paths, ITextMask redactor)
{
    /// <summary>Null when the user wants texts as they are. Reads only what the file says, so that the schema of the settings is not needed for each turn.</summary>
    public ITextMask? Current => UserConfig.Read(paths).Values.GetBoolean(UserConfig.MaskSecretsKey) == false ? null : redactor;
}
